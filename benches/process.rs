//! Runs one program and measures it from outside: wall time and peak memory.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;

/// How a process went.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) wall: Duration,
    pub(crate) code: Option<i32>,
}

/// Runs `command` to its end. Its output goes nowhere; what it complains of is shown.
pub(crate) fn run(command: &mut Command) -> Outcome<Measured> {
    let began = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    Ok(Measured { wall: began.elapsed(), code: status.code() })
}

/// The wall time of `command`, which must succeed.
pub(crate) fn time(command: &mut Command) -> Outcome<Duration> {
    let measured = run(command)?;
    match measured.code {
        Some(0) => Ok(measured.wall),
        code => Err(format!("{command:?} ended with {code:?}").into()),
    }
}

/// The most memory that `command` had resident, in bytes; `None` where the system does not tell.
///
/// Linux keeps the high-water mark of a process until its end, so that looking often misses next to nothing.
pub(crate) fn peak_memory(command: &mut Command) -> Outcome<Option<u64>> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak = None;
    loop {
        let text = std::fs::read_to_string(&status_file).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = mark.and_then(|mark| mark.trim().trim_end_matches(" kB").parse::<u64>().ok());
        peak = peak.max(kibibytes.map(|kibibytes| kibibytes * 1024));
        if let Some(status) = child.try_wait()? {
            return if status.success() { Ok(peak) } else { Err(format!("{command:?}: {status}").into()) };
        }
        std::thread::sleep(Duration::from_micros(500));
    }
}

/// How often `command` waits for the disk; `None` without `strace`.
pub(crate) fn syncs(command: &mut Command) -> Outcome<Option<u64>> {
    if Command::new("strace").arg("--version").stdout(Stdio::null()).status().is_err() {
        return Ok(None);
    }
    let log = tempfile::NamedTempFile::new()?;
    let mut traced = Command::new("strace");
    traced.args(["-f", "-qq", "-e", "trace=fsync,fdatasync,syncfs,sync_file_range", "-o"]).arg(log.path());
    traced.arg(command.get_program()).args(command.get_args());
    if let Some(folder) = command.get_current_dir() {
        traced.current_dir(folder);
    }
    time(&mut traced)?;
    let log = std::fs::read_to_string(log.path())?;
    Ok(Some(log.lines().filter(|line| line.contains("sync") && !line.contains("resumed>")).count() as u64))
}

/// The middle one of several times.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// Measures two things in turn, so that whatever else the machine does falls on both; gives their medians.
pub(crate) fn in_turn(
    runs: usize,
    mut first: impl FnMut(usize) -> Outcome<Duration>,
    mut second: impl FnMut(usize) -> Outcome<Duration>,
) -> Outcome<(Duration, Duration)> {
    let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
    for run in 0..runs {
        firsts.push(first(run)?);
        seconds.push(second(run)?);
    }
    Ok((median(firsts), median(seconds)))
}
