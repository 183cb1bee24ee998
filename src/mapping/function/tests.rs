//! Each function on values it takes and on values it refuses, and each exact one undone.

use super::convert::CountryForm;
use super::*;
use crate::scim::json::Limits;

fn value(json: &str) -> Value {
    Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
}

fn table(by: Match, rows: &[(&str, &str)]) -> Function {
    let rows: Vec<_> = rows.iter().map(|(key, to)| ((*key).to_owned(), Value::from(*to))).collect();
    Function::Table(Arc::new(Table::new("codes", by, &rows).unwrap()))
}

fn s(text: &str) -> String {
    text.to_owned()
}

#[test]
fn exact_functions_are_undone() {
    for (function, given, expected) in [
        (Function::Prefix(s("x-")), r#""a""#, r#""x-a""#),
        (Function::Suffix(s("@x")), r#""a""#, r#""a@x""#),
        (Function::Swap(s("acme\\"), s("corp/")), r#""acme\\bo""#, r#""corp/bo""#),
        (Function::Swap(s("a"), s("b")), r#""zebra""#, r#""zebra""#),
        (Function::Split(s(";")), r#""a;b""#, r#"["a","b"]"#),
        (Function::Join(s(", ")), r#"["a","b"]"#, r#""a, b""#),
        (Function::Not, "true", "false"),
        (Function::Bool, r#""true""#, "true"),
        (Function::Number, r#""1.10""#, "1.10"),
        (Function::Text, "5", r#""5""#),
        (Function::Text, "false", r#""false""#),
        (Function::Wrap(None), r#""a""#, r#"["a"]"#),
        (Function::Wrap(Some(s("value"))), r#""a""#, r#"{"value":"a"}"#),
        (Function::Unwrap(None), r#"["a"]"#, r#""a""#),
        (Function::Unwrap(Some(s("value"))), r#"{"value":"a"}"#, r#""a""#),
        (Function::Base64, r#""héllo""#, r#""aMOpbGxv""#),
        (Function::Unbase64, r#""aMOpbGxv""#, r#""héllo""#),
        (Function::Country(CountryForm::Alpha2, CountryForm::Alpha3), r#""PT""#, r#""PRT""#),
        (Function::Country(CountryForm::Alpha2, CountryForm::Numeric), r#""AF""#, r#""004""#),
        (Function::Country(CountryForm::Name, CountryForm::Alpha2), r#""Portugal""#, r#""PT""#),
        (Function::Locale, r#""en-US""#, r#""en_US""#),
        (Function::Locale, r#""not a-tag""#, r#""not a-tag""#),
        (Function::Date(s("%Y-%m-%d"), s("%d/%m/%Y")), r#""2026-05-01""#, r#""01/05/2026""#),
        (table(Match::Exact, &[("a", "1"), ("b", "2")]), r#""b""#, r#""2""#),
        (Function::Each(Box::new(Function::Prefix(s("x")))), r#"["a","b"]"#, r#"["xa","xb"]"#),
    ] {
        assert_eq!(function.class(), Class::Iso, "{function:?}");
        let there = function.apply(value(given)).unwrap().unwrap();
        assert_eq!(there.to_json(), expected, "{function:?}");
        assert_eq!(function.invert(there).to_json(), given, "{function:?}");
    }
}

#[test]
fn what_could_not_be_told_apart_is_refused() {
    for (function, given) in [
        (Function::Swap(s("a"), s("b")), r#""bx""#),
        (Function::Split(s(";")), r#""a;;b""#),
        (Function::Split(s(";")), r#""""#),
        (Function::Join(s(";")), r#"["a;b"]"#),
        (Function::Join(s(";")), r#"["a",""]"#),
        (Function::Bool, r#""yes""#),
        (Function::Number, r#""05""#),
        (Function::Text, r#""5""#),
        (Function::Unwrap(None), r#"["a","b"]"#),
        (Function::Country(CountryForm::Alpha2, CountryForm::Alpha3), r#""XX""#),
        (Function::Locale, r#""en_US""#),
        (Function::Date(s("%Y-%m-%d"), s("%m/%Y")), r#""2026-05-01""#),
        (Function::Date(s("%Y-%m-%d"), s("%d/%m/%Y")), r#""May""#),
        (Function::Lower, r#"["a","b"]"#),
        (Function::Lower, "{}"),
    ] {
        assert!(function.apply(value(given)).is_err(), "{function:?} {given}");
    }
}

#[test]
fn canonical_forms_stay_what_they_are() {
    for (function, given, expected) in [
        (Function::Lower, r#""AnÄ""#, r#""anä""#),
        (Function::Upper, r#""ana""#, r#""ANA""#),
        (Function::Trim, r#""  a b ""#, r#""a b""#),
        (Function::Squeeze, r#""  a   b ""#, r#""a b""#),
        (Function::Distinct, r#"["b","a","b"]"#, r#"["b","a"]"#),
        (Function::Sort, r#"["b","a"]"#, r#"["a","b"]"#),
        (Function::Deburr, r#""Łukasz Ångström-Straße""#, r#""Lukasz Angstrom-Strasse""#),
        (table(Match::Ci, &[("Retail", "17")]), r#""RETAIL""#, r#""17""#),
    ] {
        assert_eq!(function.class(), Class::Retract, "{function:?}");
        let once = function.apply(value(given)).unwrap().unwrap();
        assert_eq!(once.to_json(), expected, "{function:?}");
        if !matches!(function, Function::Table(_)) {
            assert_eq!(function.apply(function.invert(once.clone())).unwrap().unwrap(), once, "{function:?}");
        }
    }
}

#[test]
fn lossy_functions_give_what_they_can() {
    for (function, given, expected) in [
        (Function::Word(2), r#""Ana Maria Silva""#, Some(r#""Maria""#)),
        (Function::Word(9), r#""Ana""#, None),
        (Function::Before(s("@")), r#""ana@x""#, Some(r#""ana""#)),
        (Function::After(s("@")), r#""ana@x""#, Some(r#""x""#)),
        (Function::After(s("@")), r#""ana""#, None),
        (Function::Slice(1, Some(3)), r#""äbcd""#, Some(r#""bc""#)),
        (Function::Replace(s("-"), s("_")), r#""a-b-c""#, Some(r#""a_b_c""#)),
        (Function::Title, r#""ana o'neil-SILVA""#, Some(r#""Ana O'neil-Silva""#)),
        (Function::Fit(3), r#""äbcd""#, Some(r#""äbc""#)),
        (table(Match::Prefix, &[("Retail", "17")]), r#""Retail - Lisbon""#, Some(r#""17""#)),
        (table(Match::Exact, &[("a", "1"), ("b", "1")]), r#""c""#, None),
    ] {
        assert_eq!(function.class(), Class::Lossy, "{function:?}");
        let got = function.apply(value(given)).unwrap().map(|value| value.to_json());
        assert_eq!(got.as_deref(), expected, "{function:?}");
    }
}

#[test]
fn a_pipeline_is_as_good_as_its_worst_part() {
    let pipeline = Pipeline(vec![Function::Trim, Function::Prefix(s("x"))]);
    assert_eq!(pipeline.class(), Class::Retract);
    let there = pipeline.apply(Value::from(" a ")).unwrap().unwrap();
    assert_eq!(there.as_str(), Some("xa"));
    assert_eq!(pipeline.invert(there).as_str(), Some("a"));
}
