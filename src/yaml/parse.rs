//! From text to [`Node`]s, by way of saphyr-parser's events. Anchors and aliases work; a document that grows by them
//! beyond a bound is refused, as is a key that stands twice.

use std::collections::hash_map::{Entry, HashMap};

use saphyr_parser::{Event, Parser, ScalarStyle, Span as Place};

use super::{Key, Kind, Mistake, Node, Span};

/// Nodes of one document, aliases counted each time they are used.
const MAX_NODES: usize = 200_000;
/// Sequences and mappings within one another.
const MAX_DEPTH: usize = 64;

/// Reads the one document of a file. An empty file is an empty mapping.
///
/// # Errors
/// The first thing that is not YAML, a key that stands twice, more than one document, or too much of it.
pub fn parse(file: u16, text: &str) -> Result<Node, Mistake> {
    if let Some(mistake) = control_character(file, text) {
        return Err(mistake);
    }
    let mut reader = Reader { file, parser: Parser::new_from_str(text), anchors: HashMap::new(), nodes: 0 };
    let mut document = None;
    loop {
        match reader.next()? {
            (Event::StreamEnd, _) => break,
            (Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _) => {}
            (event, place) => {
                let span = reader.span(&place);
                if document.replace(reader.node(event, &place, 0)?).is_some() {
                    let mistake = Mistake::new(span, "a file holds one document");
                    return Err(mistake.hint("take the line `---` before it out, or make two files of it"));
                }
            }
        }
    }
    Ok(document.unwrap_or(Node::empty(Span { file, line: 1, column: 1, width: 0 })))
}

/// The first character that no YAML may hold (YAML 1.2 section 5.1), and that would be acted on where it is printed.
fn control_character(file: u16, text: &str) -> Option<Mistake> {
    let wrong = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}');
    let at = text.find(wrong)?;
    let before = &text[..at];
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    let line = count(before.matches('\n').count() + 1);
    let span = Span { file, line, column: count(column + 1), width: 1 };
    let mistake = Mistake::new(span, "not YAML: a control character");
    Some(mistake.hint("take it out; it is not shown, so write the line anew"))
}

struct Reader<'t> {
    file: u16,
    parser: Parser<'t, saphyr_parser::StrInput<'t>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Place), Mistake> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            None => Ok((Event::StreamEnd, Place::default())),
            Some(Err(error)) => {
                let at = error.marker();
                let span = Span {
                    file: self.file,
                    line: u32::try_from(at.line()).unwrap_or(1).max(1),
                    column: u32::try_from(at.col()).unwrap_or(0) + 1,
                    width: 1,
                };
                let mistake = Mistake::new(span, format!("not YAML: {}", error.info()));
                Err(mistake.hint(what_to_try(error.info())))
            }
        }
    }

    fn span(&self, place: &Place) -> Span {
        let one_line = place.start.line() == place.end.line();
        let width = if one_line { place.end.col().saturating_sub(place.start.col()) } else { 1 };
        Span {
            file: self.file,
            line: u32::try_from(place.start.line()).unwrap_or(1).max(1),
            column: u32::try_from(place.start.col()).unwrap_or(0) + 1,
            width: u32::try_from(width).unwrap_or(1).max(1),
        }
    }

    fn node(&mut self, event: Event<'t>, place: &Place, depth: usize) -> Result<Node, Mistake> {
        let span = self.span(place);
        self.count(span, 1)?;
        if depth > MAX_DEPTH {
            let mistake = Mistake::new(span, "nested too deeply");
            return Err(mistake.hint(format!("lists and mappings stand {MAX_DEPTH} deep at most")));
        }
        let mut span = span;
        let (anchor, kind) = match event {
            Event::Scalar(text, style, anchor, _) => {
                (anchor, Kind::Scalar { text: text.into_owned(), plain: style == ScalarStyle::Plain })
            }
            Event::SequenceStart(anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, end) => {
                            self.close(&mut span, place, &end);
                            break;
                        }
                        (event, place) => items.push(self.node(event, &place, depth + 1)?),
                    }
                }
                (anchor, Kind::List(items))
            }
            Event::MappingStart(anchor, _) => {
                let (entries, end) = self.entries(depth)?;
                self.close(&mut span, place, &end);
                if let Some((first, _)) = entries
                    .first()
                    .filter(|(key, _)| (key.span.line, key.span.column) == (span.line, span.column))
                {
                    span.width = first.span.width;
                }
                (anchor, Kind::Map(entries))
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let node = node.ok_or_else(|| {
                    let mistake = Mistake::new(span, "the alias stands within what it names");
                    mistake.hint("an alias (*name) repeats what stands before it at its anchor (&name)")
                })?;
                self.count(span, size(&node))?;
                return Ok(node);
            }
            _ => return Err(Mistake::new(span, "not a value").hint("a value is expected here")),
        };
        let node = Node { span, kind };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    /// Lets the place of what stands in brackets reach to the closing one, if that is on the same line.
    fn close(&self, span: &mut Span, start: &Place, end: &Place) {
        let in_brackets = start.start.col() != start.end.col();
        let end = self.span(end);
        let one_line = in_brackets && end.line == span.line && end.column > span.column;
        span.width = if one_line { end.column + 1 - span.column } else { 1 };
    }

    fn entries(&mut self, depth: usize) -> Result<(Vec<(Key, Node)>, Place), Mistake> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut lines: HashMap<String, u32> = HashMap::new();
        loop {
            let (event, place) = self.next()?;
            let span = self.span(&place);
            let text = match event {
                Event::MappingEnd => return Ok((entries, place)),
                Event::Scalar(text, ..) => text.into_owned(),
                _ => {
                    let mistake = Mistake::new(span, "a key must be plain text");
                    return Err(mistake.hint("a text that begins with [, {, * or & stands in quotes"));
                }
            };
            match lines.entry(text.clone()) {
                Entry::Occupied(first) => {
                    let hint = format!("it stands first at line {}", first.get());
                    return Err(Mistake::new(span, format!("`{text}` stands twice")).hint(hint));
                }
                Entry::Vacant(place) => drop(place.insert(span.line)),
            }
            let (event, place) = self.next()?;
            let node = self.node(event, &place, depth + 1)?;
            entries.push((Key { span, text }, node));
        }
    }

    fn count(&mut self, span: Span, more: usize) -> Result<(), Mistake> {
        self.nodes += more;
        if self.nodes > MAX_NODES {
            let mistake = Mistake::new(span, "the file holds too many values");
            Err(mistake.hint(format!("at most {MAX_NODES}, those counted that aliases repeat")))
        } else {
            Ok(())
        }
    }
}

/// What to look for, in a file that the parser does not understand.
fn what_to_try(info: &str) -> &'static str {
    if info.contains("tab") {
        "YAML is indented with blanks, never with tabs"
    } else if info.contains("anchor") {
        "an alias (*name) repeats what stands before it at its anchor (&name); a text that begins with * stands in quotes"
    } else if info.contains("quote") || info.contains("scalar") {
        "a quote that is opened is closed; a text with a quote, a colon or a # in it stands in quotes"
    } else if info.contains("depth") || info.contains("recursion") {
        "it is nested too deeply"
    } else {
        "entries of one mapping are indented alike, brackets and quotes are closed, a text with a colon in it is quoted"
    }
}

fn size(node: &Node) -> usize {
    match &node.kind {
        Kind::Scalar { .. } => 1,
        Kind::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Kind::Map(entries) => 1 + entries.iter().map(|(_, node)| size(node)).sum::<usize>(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_know_their_place() {
        let node = parse(3, "listen: x\nidp:\n  auth:\n    - bearer: { env: T }\n").unwrap();
        let bearer = node.get("idp").unwrap().get("auth").unwrap().items()[0].get("bearer").unwrap();
        assert_eq!(bearer.span, Span { file: 3, line: 4, column: 15, width: 10 });
        let (key, _) = &node.entries()[1];
        assert_eq!((key.text.as_str(), key.span.line, key.span.column, key.span.width), ("idp", 2, 1, 3));
    }

    #[test]
    fn aliases_are_followed() {
        let node = parse(0, "a: &x { b: 1 }\nc: *x\n").unwrap();
        assert_eq!(node.get("c").unwrap().text_at("b"), Some("1"));
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_its_place() {
        for (text, line, says) in [
            ("a: 1\nb: [1, 2\nc: 3\n", 3, "not YAML"),
            ("a: 1\na: 2\n", 2, "`a` stands twice"),
            ("a: *x\n", 1, "not YAML"),
            ("a: 1\n---\nb: 2\n", 3, "a file holds one document"),
            ("? [a]\n: 1\n", 1, "a key must be plain text"),
        ] {
            let mistake = parse(0, text).unwrap_err();
            assert!(mistake.message.starts_with(says), "{text:?}: {mistake:?}");
            assert_eq!(mistake.span.line, line, "{text:?}: {mistake:?}");
        }
        let mut bomb = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for n in 1..8 {
            let items = vec![format!("*a{}", n - 1); 10].join(",");
            bomb.push_str(&format!("a{n}: &a{n} [{items}]\n"));
        }
        assert_eq!(parse(0, &bomb).unwrap_err().message, "the file holds too many values");
    }
}
