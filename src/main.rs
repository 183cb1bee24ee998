//! The program: parse, dispatch, exit code.

use std::process::ExitCode;

/// A request is many small pieces of memory, most of them given back by the thread that took them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    scim_bridge::cli::main()
}
