//! The files that a configuration is made of, each with a number, so that a mistake can be shown where it stands.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use crate::yaml::{Mistake, Node, parse};

/// One file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its path as it is shown.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// All files read so far.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Reads a file from disk and parses it.
    ///
    /// # Errors
    /// When it cannot be read, or is no YAML; the mistake stands in the file itself.
    pub fn open(&mut self, path: &Path) -> Result<Node, Mistake> {
        let name = path.display().to_string();
        match read(path) {
            Ok(text) => self.add(name, text),
            Err(error) => {
                let number = self.push(Source { name, text: String::new() });
                let span = crate::yaml::Span { file: number, ..Default::default() };
                let (message, hint) = match error.kind() {
                    ErrorKind::NotFound => (
                        "there is no such file",
                        "the configuration is ./bridge.yaml unless another file is named",
                    ),
                    ErrorKind::IsADirectory => ("this is a folder", "name the files in it"),
                    ErrorKind::InvalidData => {
                        ("the file is not text in UTF-8", "save it as UTF-8, or name another")
                    }
                    ErrorKind::FileTooLarge => (
                        "the file is larger than 4 MiB",
                        "a mapping takes a few thousand bytes: name another",
                    ),
                    _ => {
                        let mistake = Mistake::new(span, format!("the file cannot be read: {error}"));
                        return Err(mistake.hint("the user who runs this must be able to read it"));
                    }
                };
                Err(Mistake::new(span, message).hint(hint))
            }
        }
    }

    /// Takes a text that comes from elsewhere, and parses it.
    ///
    /// # Errors
    /// When it is no YAML.
    pub fn add(&mut self, name: String, text: String) -> Result<Node, Mistake> {
        let number = self.push(Source { name, text });
        parse(number, &self.0[usize::from(number)].text)
    }

    fn push(&mut self, source: Source) -> u16 {
        self.0.push(source);
        u16::try_from(self.0.len() - 1).unwrap_or(u16::MAX)
    }

    /// A file by its number.
    pub fn get(&self, number: u16) -> Option<&Source> {
        self.0.get(usize::from(number))
    }
}

/// More than any file of people's own making: one that is named by accident is not read to its end.
const MAX_BYTES: u64 = 4 << 20;

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let size = File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if size as u64 > MAX_BYTES { Err(ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}

/// A path that stands in a file, which is relative to the file's own folder.
pub fn beside(file: &Path, path: &str) -> PathBuf {
    match file.parent() {
        Some(folder) => folder.join(path),
        None => PathBuf::from(path),
    }
}
