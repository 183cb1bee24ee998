//! The mapping cookbook: every example in `mappings/README.md` is loaded by the real loader, and passes its own tests or
//! is refused with the words that stand below it.

use std::path::Path;

use scim_bridge::config::{self, Checked, Secrets};

const COOKBOOK: &str = include_str!("../../mappings/README.md");

/// How many examples there are, so that one which is not found is missed.
const EXAMPLES: usize = 58;

/// One fenced block.
struct Block<'b> {
    /// The heading under which it stands.
    recipe: &'b str,
    language: &'b str,
    text: String,
}

fn blocks(markdown: &str) -> Vec<Block<'_>> {
    let mut out: Vec<Block<'_>> = Vec::new();
    let (mut recipe, mut inside) = ("", false);
    for line in markdown.lines() {
        match line.strip_prefix("```") {
            Some(language) if !inside => {
                assert!(!language.is_empty(), "{recipe}: a block without a language");
                out.push(Block { recipe, language, text: String::new() });
                inside = true;
            }
            Some(_) => inside = false,
            None if inside => {
                let block = out.last_mut().unwrap();
                block.text.extend([line, "\n"]);
            }
            None if line.starts_with('#') => recipe = line.trim_start_matches('#').trim(),
            None => {}
        }
    }
    assert!(!inside, "{recipe}: a block without an end");
    out
}

/// An example with the lines that the cookbook leaves out, and the name of its file.
fn whole(text: &str) -> (&'static str, String) {
    const HEAD: &str = "format: 1\nvendor: Acme\nprefixes:\n  ent: urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\n  acme: \
                        urn:ietf:params:scim:schemas:extension:acme:2.0:User\n";
    if text.starts_with("integrations:") {
        ("bridge.yaml", format!("listen: 127.0.0.1:0\npublic_url: http://127.0.0.1:8080\n{text}"))
    } else if text.starts_with("use:") {
        ("example.yaml", format!("format: 1\n{text}"))
    } else {
        ("example.yaml", format!("{HEAD}{text}"))
    }
}

/// What the loader says of an example: how many tests it passed, or why it is refused.
fn checked(text: &str) -> Result<usize, String> {
    let folder = tempfile::tempdir().unwrap();
    let (name, text) = whole(text);
    std::fs::write(folder.path().join(name), text).unwrap();
    match config::check(&folder.path().join(name), Secrets::Unread) {
        Ok(Checked::Mapping(compiled)) => Ok(compiled.tests),
        Ok(Checked::Bridge(options)) => Ok(options.integrations.len()),
        Err(report) => Err(config::render(&report.mistakes, &report.sources)),
    }
}

#[test]
fn every_example_does_what_it_says() {
    let blocks = blocks(COOKBOOK);
    let mut run = 0;
    for (at, Block { recipe, language, text }) in blocks.iter().enumerate() {
        let refusal = blocks.get(at + 1).filter(|next| next.language == "text");
        if *language == "text" {
            assert!(at > 0 && blocks[at - 1].language == "yaml", "{recipe}: words without an example");
            continue;
        }
        assert_eq!(*language, "yaml", "{recipe}: a block that nobody checks");
        match (checked(text), refusal) {
            (Ok(tests), None) => assert!(tests > 0, "{recipe}: an example without a test"),
            (Err(said), Some(refusal)) => {
                assert_eq!(refusal.recipe, *recipe, "the words stand next to the example");
                for line in refusal.text.lines() {
                    assert!(
                        said.lines().any(|other| other == line),
                        "{recipe}: no line says {line:?}:\n{said}"
                    );
                }
            }
            (Ok(_), Some(_)) => panic!("{recipe}: should be refused"),
            (Err(said), None) => panic!("{recipe}:\n{said}"),
        }
        run += 1;
    }
    assert_eq!(run, EXAMPLES);
    assert_eq!(run, COOKBOOK.lines().filter(|line| *line == "```yaml").count());
}

/// A recipe without an example is a promise that nobody holds.
#[test]
fn every_recipe_has_an_example() {
    let blocks = blocks(COOKBOOK);
    let recipes: Vec<_> = COOKBOOK.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    assert!(recipes.len() >= 40, "{}", recipes.len());
    for recipe in recipes {
        let own = blocks.iter().filter(|block| block.recipe == recipe && block.language == "yaml").count();
        assert_eq!(own, 1, "{recipe}");
    }
}

/// What the test above rests on: an example that says something wrong does not pass, and one without tests is told apart.
#[test]
fn an_example_that_breaks_is_found() {
    let broken = "users:\n  rules:\n    - set: $.userType\n      value: Employee\ntests:\n  - { name: t, idp: { userName: a }, vendor: { userName: a } }\n";
    assert!(checked(broken).unwrap_err().contains("the test \"t\" fails"));
    assert_eq!(checked("users: {}\n"), Ok(0));
}

/// The table says of every shipped mapping whether it loads.
#[test]
fn the_table_of_shipped_mappings_is_right() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("mappings");
    let rows: Vec<Vec<&str>> = COOKBOOK
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), config::SHIPPED.len());
    for row in rows {
        let name = row[1].trim_matches('`');
        assert!(config::SHIPPED.iter().any(|(known, _)| *known == name), "{name}");
        let loads = match config::check(&folder.join(format!("{name}.yaml")), Secrets::Unread) {
            Ok(_) => "yes",
            Err(_) => "no",
        };
        assert_eq!(row[3], loads, "{name}");
    }
}
