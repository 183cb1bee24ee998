//! Installs the peers: a Python environment and a Node folder under `target/peers`, pinned by files in this
//! repository.
//!
//! It happens once: a stamp says what was installed, and a lock holds back other tests and other test processes until
//! it is written. An `Err` is what this machine lacks; anything else that goes wrong is a failure of the test.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio::time::timeout;

/// For one step of an installation.
const LIMIT: Duration = Duration::from_secs(540);

/// What the peers need of Python; a version and a place otherwise, since an environment belongs to one interpreter.
const PROBE: &str = "import ensurepip, sys, venv
if sys.version_info < (3, 11): sys.exit('python3 is older than 3.11')
print(sys.version, sys.base_prefix)";

/// What pip and npm say when there is no way to a registry, as opposed to a registry that has not got something.
const OFFLINE: [&str; 8] = [
    "after connection broken by",
    "EAI_AGAIN",
    "ECONNREFUSED",
    "ECONNRESET",
    "ENETUNREACH",
    "ENOTFOUND",
    "ERR_SOCKET_TIMEOUT",
    "ETIMEDOUT",
];

/// The folder of everything that belongs to the peers.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("peers")
}

/// The Python environment.
pub(super) async fn python() -> Result<&'static Path, String> {
    static READY: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    found(READY.get_or_init(install_python).await)
}

/// The folder with `node_modules` and the servers beside it.
pub(super) async fn node() -> Result<&'static Path, String> {
    static READY: OnceCell<Result<PathBuf, String>> = OnceCell::const_new();
    found(READY.get_or_init(install_node).await)
}

fn found(ready: &'static Result<PathBuf, String>) -> Result<&'static Path, String> {
    ready.as_deref().map_err(Clone::clone)
}

async fn install_python() -> Result<PathBuf, String> {
    let interpreter = match tell("python3", &["-c", PROBE]).await? {
        Ran::Well(said) => said,
        Ran::Badly(said) => return Err(last_line(&said)),
    };
    let requirements = source("python/requirements.txt");
    let stamp = format!("{interpreter}{}", fs::read_to_string(&requirements).unwrap());
    once("python", &stamp, async |home| {
        run(Command::new("python3").args(["-m", "venv"]).arg(home)).await?;
        let pip =
            ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--retries", "2", "-r"];
        run(Command::new(home.join("bin/python")).args(pip).arg(&requirements)).await
    })
    .await
}

async fn install_node() -> Result<PathBuf, String> {
    for tool in ["node", "npm"] {
        if let Ran::Badly(said) = tell(tool, &["--version"]).await? {
            return Err(format!("{tool}: {}", last_line(&said)));
        }
    }
    let files = ["package.json", "package-lock.json", ".npmrc", "better-auth.mjs", "scimmy.mjs"];
    let files = files.map(|name| (name, fs::read_to_string(source("node").join(name)).unwrap()));
    let stamp: String = files.iter().map(|(_, text)| text.as_str()).collect();
    once("node", &stamp, async |home| {
        for (name, text) in &files {
            fs::write(home.join(name), text).unwrap();
        }
        run(Command::new("npm").args(["ci", "--fetch-retries=1"]).current_dir(home)).await
    })
    .await
}

/// Fills a folder unless it has been filled from the same stamp. One test does it while all others wait.
async fn once(
    name: &str,
    stamp: &str,
    install: impl AsyncFnOnce(&Path) -> Result<(), String>,
) -> Result<PathBuf, String> {
    let home = root().join(name);
    let written = home.join("installed");
    fs::create_dir_all(root()).unwrap();
    let _lock = lock(root().join(format!("{name}.lock"))).await;
    if fs::read_to_string(&written).is_ok_and(|held| held == stamp) {
        return Ok(home);
    }
    if home.exists() {
        fs::remove_dir_all(&home).unwrap();
    }
    fs::create_dir(&home).unwrap();
    install(&home).await?;
    fs::write(written, stamp).unwrap();
    Ok(home)
}

/// Held until the file is dropped, against other processes too.
async fn lock(path: PathBuf) -> File {
    let file = File::create(path).unwrap();
    let locked = tokio::task::spawn_blocking(move || file.lock().map(|()| file));
    locked.await.unwrap().unwrap()
}

/// A step of an installation.
async fn run(command: &mut Command) -> Result<(), String> {
    match output(command).await? {
        Ran::Well(_) => Ok(()),
        Ran::Badly(said) if OFFLINE.iter().any(|sign| said.contains(sign)) => {
            Err("the package registry cannot be reached".to_owned())
        }
        Ran::Badly(said) => panic!("{command:?} failed:\n{said}"),
    }
}

async fn tell(tool: &str, arguments: &[impl AsRef<OsStr>]) -> Result<Ran, String> {
    output(Command::new(tool).args(arguments)).await
}

/// How a command ended, and what it printed.
enum Ran {
    Well(String),
    Badly(String),
}

async fn output(command: &mut Command) -> Result<Ran, String> {
    let tool = command.as_std().get_program().to_string_lossy().into_owned();
    let run = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let done = match timeout(LIMIT, run).await {
        Ok(Ok(done)) => done,
        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => {
            return Err(format!("{tool} is not installed"));
        }
        Ok(Err(error)) => return Err(format!("{tool}: {error}")),
        Err(_) => return Err(format!("{tool} did not end within {} s", LIMIT.as_secs())),
    };
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    Ok(if done.status.success() { Ran::Well(said) } else { Ran::Badly(said) })
}

fn last_line(said: &str) -> String {
    said.trim().lines().last().unwrap_or_default().to_owned()
}

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/peer").join(path)
}
