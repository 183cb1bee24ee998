//! Help, versions, names, exit codes: 0 done, 1 failed, 2 usage.

use std::path::Path;

use scim_bridge::simulator::Vendor;

use super::program::{is_as_recorded, run};

#[test]
fn every_command_says_what_it_takes() {
    let here = Path::new(".");
    let mut all = String::new();
    for command in
        ["", "serve", "demo", "check", "explain", "simulate", "certs", "certs dev", "schema", "health"]
    {
        let arguments: Vec<_> = command.split_whitespace().chain(["--help"]).collect();
        let ended = run(here, &arguments);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{command}");
        all.push_str(&format!("$ scim-bridge {}\n{}\n", arguments.join(" "), ended.out));
    }
    let lines: Vec<_> = all.lines().map(str::trim_end).collect();
    is_as_recorded("help", &lines.join("\n"));
    let version = run(here, &["--version"]);
    assert_eq!(version.out, format!("scim-bridge {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn what_cannot_be_right_is_a_mistake_of_usage() {
    let here = Path::new(".");
    for arguments in [
        &[][..],
        &["nope"],
        &["serve", "--nope"],
        &["simulate"],
        &["simulate", "ninjone"],
        &["simulate", "ninjaone", "--listen", "nowhere"],
        &["schema", "nope"],
        &["explain", "-"],
        // Of the interface, and not built yet.
        &["token", "new"],
        &["credential", "status"],
        &["drift"],
        &["audit", "verify"],
        &["replay"],
        &["probe"],
        &["store"],
    ] {
        let ended = run(here, arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(!ended.err.is_empty(), "{arguments:?}");
    }
    let near = run(here, &["simulate", "ninjone"]).err;
    assert_eq!(near, "there is no simulated vendor `ninjone`\n  hint: did you mean `ninjaone`?\n");
    let far = run(here, &["simulate", "globex"]).err;
    let names = Vendor::ALL.map(Vendor::name).join(", ");
    assert!(far.contains(&format!("there are {names}")), "{far}");
}

#[test]
fn the_simulated_vendors_are_listed() {
    let ended = run(Path::new("."), &["simulate", "--list"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    for vendor in Vendor::ALL {
        let head = format!("{}\n  {}\n", vendor.name(), vendor.summary());
        assert!(ended.out.contains(&head), "{head}{}", ended.out);
        assert!(vendor.knobs().iter().all(|knob| ended.out.contains(&format!("  {} ", knob.name))));
    }
}

#[test]
fn nobody_at_the_admin_address_is_a_failure() {
    // Port 1 is nobody's.
    let ended = run(Path::new("."), &["health", "--admin", "127.0.0.1:1"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
    assert!(
        ended.err.contains("127.0.0.1:1 does not answer") && ended.err.contains("admin.listen"),
        "{}",
        ended.err
    );
}
