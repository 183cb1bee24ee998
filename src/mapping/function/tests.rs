//! Each function on values it takes and on values it refuses, and each exact one undone.

use super::convert::CountryForm;
use super::*;
use crate::scim::json::Limits;

fn value(json: &str) -> Value {
    Value::read(json.as_bytes(), &Limits::REQUEST).unwrap()
}

fn table(by: Match, rows: &[(&str, &str)]) -> Function {
    let rows = rows.iter().map(|(key, to)| (vec![(*key).to_owned()], Value::from(*to))).collect();
    Function::Table(Arc::new(Table::new("codes", by, Vec::new(), rows).unwrap()))
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

#[test]
fn partial_functions_have_a_result_or_none() {
    let regex = |pattern: &str, to: &str| {
        let to = crate::mapping::template::Template::compile(&Value::from(to)).unwrap();
        Function::Regex(Arc::new(Rewrite::new(pattern, to).unwrap()))
    };
    for (function, given, expected) in [
        (Function::Strip(s("x-"), s("")), r#""x-a""#, Some(r#""a""#)),
        (Function::Strip(s(""), s("@x")), r#""a@x""#, Some(r#""a""#)),
        (Function::Strip(s("x"), s("x")), r#""x""#, None),
        (Function::Strip(s("x-"), s("")), r#""a""#, None),
        (regex("(.+)@(.+)", "{2}/{1}"), r#""a@b""#, Some(r#""b/a""#)),
        (regex("(.+)@(.*)", "{2}/{1}"), r#""a@""#, None),
        (regex("a|b", "{0}"), r#""ab""#, None),
    ] {
        assert_eq!(function.class(), Class::Partial, "{function:?}");
        let got = function.apply(value(given)).unwrap();
        assert_eq!(got.as_ref().map(Value::to_json).as_deref(), expected, "{function:?} {given}");
        if let Some(got) = got.filter(|_| function.can_be_undone()) {
            assert_eq!(function.invert(got).to_json(), given, "{function:?}");
        }
    }
    assert!(Rewrite::new(&"x{1000}".repeat(1000), crate::mapping::template::Template::Hole(s("0"))).is_err());
}

#[test]
fn numbers_digests_and_dates_later() {
    let plus = |span: &str| Function::Plus(span.parse().unwrap());
    for (function, given, expected) in [
        (Function::Phone(None), "+351 212 345 678", Some("+351212345678")),
        (Function::Phone(Some(s("PT"))), "(212) 345-678", Some("+351212345678")),
        (Function::Phone(Some(s("PT"))), "tel:+44-20-7946-0958", Some("+442079460958")),
        (Function::Phone(None), "212345678", None),
        (Function::Phone(Some(s("PT"))), "not a number", None),
        (Function::Sha256, "abc", Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")),
        (plus("30d"), "2026-05-01", Some("2026-05-31")),
        (plus("P1M"), "2026-01-31", Some("2026-02-28")),
        (plus("-1y"), "2024-02-29", Some("2023-02-28")),
        (plus("36h"), "2026-05-01T08:00:00Z", Some("2026-05-02T20:00:00Z")),
        (plus("1d"), "2026-05-01T08:00:00", Some("2026-05-02T08:00:00")),
        (plus("1d"), "soon", None),
        (plus("9000y"), "2026-05-01", None),
    ] {
        assert_eq!(function.class(), Class::Lossy, "{function:?}");
        let got = function.apply(Value::from(given)).ok().flatten();
        assert_eq!(got.as_ref().and_then(Value::as_str), expected, "{function:?} {given}");
    }
}
