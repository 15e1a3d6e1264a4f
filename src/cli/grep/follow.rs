//! `obs grep --follow`: what is found in files while they grow.

use std::ops::ControlFlow;
use std::path::PathBuf;

use super::{GrepArgs, Order, Search};
use crate::cli::config;
use crate::cli::found::{Printed, Stitch};
use crate::cli::out::Out;
use crate::cli::session::{Chosen, Session};
use crate::cli::verdict::{self, Verdict};
use crate::model::{Diagnostic, Error, ErrorKind};
use crate::report::account::sentence;
use crate::scan::{self, Chunk, Delivered, Follower, SurveyOptions};

/// Refuses what only the end of the files can tell.
pub(super) fn refuse(args: &GrepArgs, chosen: &Chosen) -> Result<(), Error> {
    if args.sort == Order::Time {
        return Err(Error::usage("--sort time needs all entries, and --follow has no last one")
            .hinted("without --sort entries come in the order in which they are written"));
    }
    if chosen.needs_span() {
        return Err(Error::usage(
            "a time that counts from the start or end of the data needs all of it, and --follow \
                                 has no end",
        )
        .hinted("write --since -10m, which counts from now"));
    }
    Ok(())
}

/// May these paths name more than one file, now or later?
pub(super) fn names_several(paths: &[PathBuf]) -> bool {
    paths.len() > 1
        || paths
            .iter()
            .any(|path| path.is_dir() || !path.exists() && path.to_string_lossy().contains(['*', '?', '[']))
}

/// Prints what is found.
struct Printing<'s> {
    search: &'s Search,
    stitch: Stitch<'s>,
    out: Out,
    failure: Option<Error>,
    troubles: Vec<Diagnostic>,
    quiet: bool,
}

impl Follower for Printing<'_> {
    type Output = Printed;

    fn file(&mut self, shown: &str) {
        self.stitch.file(shown);
    }

    fn map(&self, chunk: &Chunk<'_>) -> Printed {
        self.search.chunk(chunk, false)
    }

    fn take(&mut self, delivered: Delivered<Printed>) -> ControlFlow<()> {
        match self.stitch.write(&mut self.out, delivered) {
            // Files may come after the last.
            Ok(more) if more || !self.quiet => ControlFlow::Continue(()),
            Ok(_) => ControlFlow::Break(()),
            Err(error) => {
                self.failure = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn trouble(&mut self, diagnostic: Diagnostic) {
        verdict::warn(std::slice::from_ref(&diagnostic), self.quiet);
        self.troubles.push(diagnostic);
    }
}

impl Search {
    /// Prints what is found until Ctrl-C, and then what was read.
    pub(super) fn follow(
        &self,
        mut session: Session,
        paths: &[PathBuf],
        args: &GrepArgs,
    ) -> Result<Verdict, Error> {
        session.config.progress = None;
        let picks = config::picks(&args.input)?;
        let survey =
            SurveyOptions { follow_links: args.input.follow_links, picks, ..SurveyOptions::default() };
        let quiet = session.is_quiet();
        let mut printing = Printing {
            search: self,
            stitch: self.stitch(&session.inputs, args.max_count),
            out: Out::new(),
            failure: None,
            troubles: Vec::new(),
            quiet,
        };
        let account =
            scan::follow(paths, &survey, &self.selection.needs, &session.config.scan, &mut printing);
        let Printing { mut stitch, mut out, failure, troubles, .. } = printing;
        let end = match failure {
            Some(error) => Err(error),
            None => stitch.finish(&mut out).and_then(|()| out.finish()),
        };
        match end {
            // The reader has what it wanted.
            Err(error) if error.kind == ErrorKind::Closed => return Ok(Verdict::of(stitch.found())),
            end => end?,
        }
        if !quiet {
            verdict::note(&sentence(&account));
        }
        Ok(session.followed(Verdict::of(stitch.found()), &troubles))
    }
}
