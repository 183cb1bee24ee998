//! `demo` and `simulate`: what they print works.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use super::program::{Follow, Up, has, program, run};

#[test]
fn it_plays_once_and_ends_well() {
    let ended = run(Path::new("."), &["demo", "--once", "--quiet"]);
    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{}", ended.out);
    assert!(ended.out.ends_with("\nEvery vendor is in the expected state.\n"), "{}", ended.out);
    assert_eq!(ended.out.matches("holds what it should").count(), 8, "{}", ended.out);
}

#[test]
fn it_stays_up_and_every_line_to_paste_works() {
    let mut demo = Up::start(program(Path::new("."), &["demo", "--quiet"]), Follow::Out);
    demo.until("Ctrl-C ends it.");
    let lines: Vec<_> =
        demo.seen.iter().filter(|line| line.trim_start().starts_with("curl ")).cloned().collect();
    assert!(lines.len() >= 5, "{:#?}", demo.seen);
    if has("curl", "the lines of demo") {
        for line in &lines {
            let output = Command::new("sh").args(["-c", line]).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success() && !text.is_empty(), "{line}\n{text}");
            assert!(!text.contains("messages:2.0:Error"), "{line}\n{text}");
        }
    }
    assert_eq!(demo.stop(Signal::TERM).0, Some(0));
}

#[test]
fn an_interrupt_ends_it_too() {
    let mut demo = Up::start(program(Path::new("."), &["demo", "--quiet"]), Follow::Out);
    demo.until("Ctrl-C ends it.");
    assert_eq!(demo.stop(Signal::INT).0, Some(0));
}

#[test]
fn a_taken_address_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for arguments in [&["demo", "--listen", &address][..], &["simulate", "rfc", "--listen", &address]] {
        let ended = run(Path::new("."), arguments);
        assert_eq!(ended.code, Some(1), "{arguments:?}");
        assert!(ended.err.contains("could not start") && ended.err.contains("hint: "), "{}", ended.err);
    }
}

#[test]
fn a_simulated_vendor_says_how_it_is_reached() {
    let arguments = [
        "simulate",
        "ninjaone",
        "--listen",
        "127.0.0.1:0",
        "--control",
        "127.0.0.1:0",
        "--token",
        "t-0123456789",
    ];
    let mut vendor = Up::start(program(Path::new("."), &arguments), Follow::Out);
    vendor.until("control  http://127.0.0.1:");
    assert!(
        vendor.seen[0].starts_with("base     http://127.0.0.1:") && vendor.seen[0].ends_with("/ws/scim/v2")
    );
    assert_eq!(vendor.seen[1], "token    t-0123456789");
    assert_eq!(vendor.stop(Signal::TERM).0, Some(0));
}
