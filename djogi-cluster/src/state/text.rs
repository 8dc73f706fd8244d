//! `state.json` as text: canonical JSON with line breaks, so that a diff of two revisions shows one line a
//! resource.
//!
//! Between any text and "this is our state" stands [`parse`]: what it accepts is byte for byte what [`render`]
//! writes.

use std::collections::BTreeMap;
use std::io;

use djogi_core::{Digest, Ident};
use serde::{Deserialize, Serialize};
use serde_json::ser::{CompactFormatter, Formatter};

use super::damage::Damage;
use super::document::{Content, RecoveryEntry, STATE_FORMAT, Serial, State, TargetState, WrittenBy};
use crate::identity::Lineage;

/// The keys of the file, in the order of canonical JSON.
#[derive(Serialize)]
struct Written<'a> {
    config_digest: &'a Option<Digest>,
    digest: &'a Digest,
    format: &'static str,
    lineage: Lineage,
    recoveries: &'a [RecoveryEntry],
    serial: Serial,
    targets: &'a BTreeMap<Ident, TargetState>,
    written_by: &'a WrittenBy,
}

#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Read {
    config_digest: Option<Digest>,
    digest: Digest,
    format: String,
    lineage: Lineage,
    recoveries: Vec<RecoveryEntry>,
    serial: Serial,
    targets: BTreeMap<Ident, TargetState>,
    written_by: WrittenBy,
}

impl<'a> Written<'a> {
    fn new(state: &'a State, digest: &'a Digest) -> Self {
        let State { lineage, serial, written_by, content } = state;
        let Content { config_digest, recoveries, targets } = content;
        Self {
            config_digest,
            digest,
            format: STATE_FORMAT,
            lineage: *lineage,
            recoveries,
            serial: *serial,
            targets,
            written_by,
        }
    }
}

/// The bytes of `state.json`, and the digest in them: over the canonical JSON of everything but the digest itself.
pub(super) fn seal(state: &State) -> (Vec<u8>, Digest) {
    const RESOURCES: usize = 4;
    let blank = Digest::of_bytes(b"");
    let mut bytes = to_lines(&Written::new(state, &blank), RESOURCES);
    let digest = digest_of_text(&bytes);
    let line = digest_line(&bytes).expect("the digest has a line of its own");
    let (blank, text) = (blank.to_string(), digest.to_string());
    let begin = line.start + DIGEST_KEY.len() + 1;
    bytes[begin..begin + blank.len()].copy_from_slice(text.as_bytes());
    (bytes, digest)
}

/// Reads what [`seal`] wrote, and nothing else.
pub(super) fn parse(bytes: &[u8]) -> Result<(State, Digest), Damage> {
    if bytes.is_empty() {
        return Err(Damage::Empty);
    }
    let read: Read = serde_json::from_slice(bytes).map_err(|error| classify(bytes, &error))?;
    if read.format != STATE_FORMAT {
        return Err(Damage::of_format(read.format, STATE_FORMAT));
    }
    let Read { config_digest, digest: recorded, lineage, recoveries, serial, targets, written_by, .. } = read;
    let state =
        State { lineage, serial, written_by, content: Content { config_digest, recoveries, targets } };
    if digest_of_text(bytes) != recorded || !is_in_lines(bytes, &state) {
        return Err(Damage::Altered);
    }
    Ok((state, recorded))
}

/// Whether `bytes` are the state that `digest` names: no other text has its digest.
pub(super) fn is_sealed(bytes: &[u8], digest: &Digest) -> bool {
    let line = digest_line(bytes).map(|line| &bytes[line]);
    let recorded = line.and_then(|line| line[DIGEST_KEY.len()..].strip_suffix(b","));
    recorded == Some(format!("\"{digest}\"").as_bytes()) && digest_of_text(bytes) == *digest
}

/// Line breaks are no part of the digest, so they are counted: one before each key of the outermost object but the
/// first, one before each resource, and one at the end.
fn is_in_lines(bytes: &[u8], state: &State) -> bool {
    const OUTERMOST_KEYS: usize = 8;
    let resources: usize = state.content.targets.values().map(|target| target.resources.len()).sum();
    let breaks = bytes.iter().filter(|byte| **byte == b'\n').count();
    bytes.ends_with(b"\n") && breaks == OUTERMOST_KEYS - 1 + resources + 1
}

const DIGEST_KEY: &[u8] = b"\"digest\":";

/// Where the line of the digest is. It is among the first.
fn digest_line(bytes: &[u8]) -> Option<std::ops::Range<usize>> {
    let mut start = 0;
    bytes.split(|byte| *byte == b'\n').find_map(|line| {
        let at = start..start + line.len();
        start = at.end + 1;
        line.starts_with(DIGEST_KEY).then_some(at)
    })
}

/// The digest of a state by its text, which [`seal`] wrote: the digest has a line of its own among the outermost
/// keys, no string holds a line break, and no other key of a line is called so.
fn digest_of_text(bytes: &[u8]) -> Digest {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(DIGEST_KEY));
    Digest::of_parts(lines)
}

/// Names what is wrong with a text that is not a state. A newer format may hold anything, so the format is
/// asked first.
fn classify(bytes: &[u8], error: &serde_json::Error) -> Damage {
    #[derive(Deserialize)]
    struct OnlyFormat {
        format: String,
    }
    if let Ok(OnlyFormat { format }) = serde_json::from_slice(bytes)
        && format != STATE_FORMAT
    {
        return Damage::of_format(format, STATE_FORMAT);
    }
    if error.is_data() {
        Damage::of_value(error.line(), path_of_error(bytes), &error.to_string(), STATE_FORMAT)
    } else {
        Damage::of_syntax(bytes, error)
    }
}

/// Where the first error is. Following the path costs time that only a damaged state need take.
fn path_of_error(bytes: &[u8]) -> String {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read: Result<Read, _> = serde_path_to_error::deserialize(&mut json);
    read.err().map(|error| error.path().to_string()).unwrap_or_default()
}

/// Compact JSON with a line break before each key of the outermost object and of the objects `depth` deep.
pub(super) fn to_lines(value: &impl Serialize, depth: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let lines = Lines { compact: CompactFormatter, depth, open: 0 };
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, lines);
    value.serialize(&mut serializer).expect("a document has only string keys, and memory takes every write");
    bytes.push(b'\n');
    bytes
}

struct Lines {
    compact: CompactFormatter,
    depth: usize,
    open: usize,
}

impl Formatter for Lines {
    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open += 1;
        self.compact.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open -= 1;
        self.compact.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.compact.begin_object_key(writer, first)?;
        let breaks = self.open == self.depth || (self.open == 1 && !first);
        if breaks { writer.write_all(b"\n") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use djogi_core::digest::canonical_json;
    use djogi_core::observation::{Oid, ServerVersion};

    use super::*;
    use crate::identity::{Actor, Epoch, OpId, RunId};
    use crate::state::{ResourceState, Status};

    fn resource() -> ResourceState {
        ResourceState {
            conditions: vec!["line\nbreak".into()],
            desired: Some(Digest::of_bytes(b"desired")),
            observed: Digest::of_bytes(b"observed"),
            oid: Oid(16401),
            op: Some(OpId::generate()),
            status: Status::Applied,
        }
    }

    fn state() -> State {
        let addresses = ["table.main.public.orders", "index.main.public.\"Bestellung ä\"", "schema.main.app"];
        let target = TargetState {
            catalog: Digest::of_bytes(b"catalog"),
            database: "shop".into(),
            epoch: Epoch::new(7),
            last_op: Some(OpId::generate()),
            resources: addresses.iter().map(|a| (a.parse().unwrap(), resource())).collect(),
            server_version: ServerVersion(180004),
            system_identifier: "7412".into(),
        };
        let content = Content {
            config_digest: Some(Digest::of_bytes(b"config")),
            recoveries: vec![RecoveryEntry {
                build: None,
                op: OpId::generate(),
                outcome: "rolled forward".into(),
                row: "T2".into(),
                run: RunId::generate(),
            }],
            targets: [(Ident::new("main").unwrap(), target)].into(),
        };
        let written_by = WrittenBy::now(Actor::new("ana@ci").unwrap(), RunId::generate());
        State::first(Lineage::generate(), content, written_by)
    }

    fn text(state: &State) -> Vec<u8> {
        seal(state).0
    }

    #[test]
    fn what_is_rendered_parses_to_the_same_state() {
        let state = state();
        assert_eq!(parse(&text(&state)).unwrap(), (state.clone(), seal(&state).1));
    }

    #[test]
    fn the_text_is_canonical_json_with_line_breaks() {
        let state = state();
        let text = String::from_utf8(text(&state)).unwrap();
        let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(canonical_json(&value), text.replace('\n', ""));
        value.as_object_mut().unwrap().remove("digest");
        assert_eq!(Digest::of(&value), seal(&state).1);
    }

    #[test]
    fn a_resource_is_one_line_of_less_than_half_a_kibibyte() {
        let text = String::from_utf8(text(&state())).unwrap();
        let lines: Vec<_> = text.lines().filter(|line| line.contains("\"oid\"")).collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines.iter().all(|line| line.len() <= 512), "{text}");
    }

    #[test]
    fn no_bit_can_flip_unseen() {
        let text = text(&state());
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut flipped = text.clone();
                flipped[at] ^= 1 << bit;
                assert!(parse(&flipped).is_err(), "bit {bit} of byte {at} ({:?})", char::from(text[at]));
            }
        }
    }

    #[test]
    fn no_beginning_of_the_text_passes_for_the_whole() {
        let text = text(&state());
        assert_eq!(parse(&[]), Err(Damage::Empty));
        for length in 1..text.len() - 2 {
            assert_eq!(parse(&text[..length]), Err(Damage::Torn { bytes: length }), "{length}");
        }
        assert_eq!(parse(&text[..text.len() - 1]), Err(Damage::Altered));
        assert!(matches!(parse(&[&text[..], b"{}"].concat()), Err(Damage::Malformed { .. })));
    }

    #[test]
    fn each_kind_of_damage_has_its_own_name() {
        let text = String::from_utf8(text(&state())).unwrap();
        let of = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            parse(text.replacen(from, to, 1).as_bytes()).unwrap_err()
        };
        let known = STATE_FORMAT;
        let newer = |format: &str| Damage::Newer { format: format.into(), known };
        assert_eq!(of("djogi-state/1", "djogi-state/2"), newer("djogi-state/2"));
        let other = Damage::OtherFormat { format: "terraform".into(), known };
        assert_eq!(of("djogi-state/1", "terraform"), other);
        assert_eq!(of("\"applied\"", "\"pending\""), Damage::Altered);
        assert_eq!(of("\"serial\":1", "\"serial\": 1"), Damage::Altered);
        let unknown = Damage::UnknownField { field: "colour".into(), line: 6, known };
        assert_eq!(of("\"serial\":1", "\"serial\":1,\"colour\":\"red\""), unknown);
        assert!(
            matches!(of("\"serial\":1", "\"serial\":18446744073709551616"), Damage::InvalidValue { path, .. } if path == "serial")
        );
        assert!(
            matches!(of("\"written_by\":{", "\"written_by\":{}}{"), Damage::InvalidValue { path, .. } if path == "written_by")
        );
        assert!(matches!(of("\"serial\"", "serial"), Damage::Malformed { line: 6, .. }));
        let newer_with_unknown_field = parse(
            text.replacen("\"format\":\"djogi-state/1\"", "\"format\":\"djogi-state/9\",\"new\":1", 1)
                .as_bytes(),
        );
        assert_eq!(newer_with_unknown_field, Err(newer("djogi-state/9")));
    }
}
