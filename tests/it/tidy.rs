//! The rules of the tree, as a test: imports run one way, the pure part does no I/O, files open with what they are and
//! stay short.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// The lines of the map, lowest first: a module imports from lines below its own only.
const LINES: &[&[&str]] = &[
    &["secret", "clock"],
    &["telemetry"],
    // Documents with places hold JSON values, and JSON is `scim`'s.
    &["scim"],
    &["yaml", "remainder"],
    &["dialect", "mapping", "emulation", "groups", "alias"],
    &["store"],
    &["upstream"],
    &["bridge"],
    &["inbound", "admin", "capture"],
    &["config"],
    &["app", "simulator"],
    &["cli"],
    &["main", "lib"],
];

/// Values in, values out.
const PURE: &[&str] = &["scim", "yaml", "remainder", "dialect", "mapping", "emulation", "groups", "alias"];

/// What each may import besides what is below it.
fn is_allowed(module: &str, imported: &str) -> bool {
    let line = |name: &str| LINES.iter().position(|line| line.contains(&name));
    match (line(module), line(imported)) {
        // Vendors of our own share nothing with the bridge, or both would share a mistake.
        _ if module == "simulator" => matches!(imported, "simulator" | "clock" | "secret"),
        _ if module == imported => true,
        // Only the doors know how clients speak; the trail of a request names what they tolerated.
        (Some(own), Some(other)) => other < own,
        _ => false,
    }
}

struct File {
    path: PathBuf,
    module: String,
    text: String,
}

fn sources() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&root).unwrap();
                let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
                let module = first.trim_end_matches(".rs").to_owned();
                let text = std::fs::read_to_string(&path).unwrap();
                files.push(File { path: inside.to_owned(), module, text });
            }
        }
    }
    assert!(files.len() > 100, "the walk found {} files: it did not walk", files.len());
    files
}

/// The text without its tests, which may do what they like.
fn without_tests(text: &str) -> &str {
    text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

fn is_test(file: &File) -> bool {
    file.path.components().any(|part| part.as_os_str().to_string_lossy().starts_with("tests"))
}

fn fail(what: &str, found: &str) {
    assert!(found.is_empty(), "{what}:\n{found}");
}

#[test]
fn imports_run_one_way() {
    let mut found = String::new();
    for file in sources().iter().filter(|file| !is_test(file) && file.module != "lib") {
        for (number, line) in without_tests(&file.text).lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for part in line.split("crate::").skip(1) {
                let group = part.trim_start_matches('{');
                let names =
                    if part.starts_with('{') { group.split('}').next().unwrap_or(group) } else { group };
                for name in names
                    .split(',')
                    .filter(|_| part.starts_with('{'))
                    .chain([names].into_iter().filter(|_| !part.starts_with('{')))
                {
                    let end = name
                        .trim()
                        .find(|c: char| !c.is_alphanumeric() && c != '_')
                        .unwrap_or(name.trim().len());
                    let imported = &name.trim()[..end];
                    if !imported.is_empty() && !is_allowed(&file.module, imported) {
                        let _ = writeln!(
                            found,
                            "{}:{}: {} → {imported}",
                            file.path.display(),
                            number + 1,
                            file.module
                        );
                    }
                }
            }
        }
    }
    fail("imports that do not run down", &found);
}

#[test]
fn every_module_has_a_line() {
    let known: Vec<_> = LINES.iter().flat_map(|line| line.iter()).collect();
    let mut found = String::new();
    for file in sources() {
        if !known.contains(&&file.module.as_str()) {
            let _ = writeln!(found, "{}", file.module);
        }
    }
    fail("modules that the map does not have", &found);
}

#[test]
fn the_pure_part_is_pure() {
    let mut found = String::new();
    for file in sources().iter().filter(|file| PURE.contains(&file.module.as_str()) && !is_test(file)) {
        for word in ["tokio::", "std::fs", "std::net", "SystemTime", "Instant::now", "async fn", "std::env"] {
            if without_tests(&file.text).contains(word) {
                let _ = writeln!(found, "{}: {word}", file.path.display());
            }
        }
    }
    fail("I/O, clocks or waiting in the pure part", &found);
}

#[test]
fn files_say_what_they_are_and_stay_short() {
    let mut found = String::new();
    for file in sources() {
        if !file.text.starts_with("//! ") {
            let _ = writeln!(found, "{} does not open with //!", file.path.display());
        }
        let lines = without_tests(&file.text).lines().count();
        if lines > 500 && !is_test(&file) {
            let _ = writeln!(found, "{} has {lines} lines before its tests", file.path.display());
        }
    }
    fail("files that are not as they should be", &found);
}

#[test]
fn json_is_known_to_scim_alone() {
    // Whoever else matched on a JSON enum would stand in the way of another representation. The simulators, the schema for
    // editors and the errors of the edge print JSON of their own.
    let allowed = ["simulator", "inbound", "config", "yaml"];
    let mut found = String::new();
    for file in sources().iter().filter(|file| !is_test(file) && !allowed.contains(&file.module.as_str())) {
        let text = without_tests(&file.text);
        if text.contains("serde_json")
            && !(file.module == "scim" && file.path.ends_with("json/print.rs"))
            && file.module != "cli"
        {
            let _ = writeln!(found, "{}", file.path.display());
        }
    }
    fail("files that know serde_json", &found);
}

#[test]
fn no_one_else_dispatches_on_the_vendor_or_the_dialect() {
    let mut found = String::new();
    for file in sources()
        .iter()
        .filter(|file| ["bridge", "store", "upstream", "inbound"].contains(&file.module.as_str()))
    {
        for word in ["ninjaone", "NinjaOne", "knowbe4", "Dialect::Okta", "Dialect::Entra"] {
            if !is_test(file) && without_tests(&file.text).contains(word) {
                let _ = writeln!(found, "{}: {word}", file.path.display());
            }
        }
    }
    fail("vendors and dialects are data and one module", &found);
}

#[test]
fn the_tree_holds_no_key_and_no_path_of_a_machine() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.to_owned()];
    let (mut found, mut seen) = (String::new(), 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !["target", ".git", "node_modules"].contains(&name.as_str()) {
                folders.push(path);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                seen += 1;
                let key = ["BEGIN PRIVATE", "BEGIN RSA PRIVATE", "BEGIN EC PRIVATE"]
                    .iter()
                    .any(|head| text.contains(&format!("-----{head} KEY-----")));
                if key || text.contains(&format!("{}/", root.display())) {
                    let _ = writeln!(found, "{}", path.display());
                }
            }
        }
    }
    assert!(seen > 200, "only {seen} files were looked at");
    fail("files with a private key or a path of this machine", &found);
}
