//! `cargo xtask`: set-up, assets, interface, tests, checks, measurements and packages.
//!
//! A file per command. Nothing here is part of what users run, and nothing here is needed to
//! use the application once it is built. Commands that need others call them: `run` and `test`
//! start from a fresh clone.
// A command line talks on its standard output.
#![allow(clippy::print_stdout)]

mod assets;
mod bundle;
mod dev;
mod hafez;
mod interface;
mod measure;
mod process;
mod run;
mod screenshots;
mod setup;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use measure::{Measurement, Startup};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Set-up, build, test, measure and bundle"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what building needs and is missing (and what tests need, with --tests).
    Setup {
        /// Also what the tests of the real window need.
        #[arg(long)]
        tests: bool,
    },
    /// Fetch the pinned font, chart library and sample text.
    Assets,
    /// Build the interface into ui/dist.
    Ui {
        /// Build fast and large, with names for stack traces.
        #[arg(long)]
        debug: bool,
    },
    /// Set up, build everything, and open the application.
    Run {
        /// Arguments for the application.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Open a debug build, and rebuild and reopen it when a source file changes.
    Dev,
    /// Set up and run every test, the real window included.
    Test {
        /// Run only tests whose name contains this.
        filter: Option<String>,
    },
    /// Check the rules of the house: documents, sizes, edges between crates, formatting.
    Tidy,
    /// Measure the release build on this machine.
    Measure {
        #[command(subcommand)]
        measurement: Measurement,
    },
    /// The same as `measure bench`.
    Bench,
    /// The same as `measure startup`.
    Startup(Startup),
    /// Photograph every page of the real window in both themes.
    Screenshots,
    /// Make installable packages.
    Bundle {
        /// What `tauri build --bundles` takes: deb, rpm, appimage, msi, nsis, dmg.
        #[arg(default_value = "deb")]
        bundles: String,
    },
}

fn main() -> ExitCode {
    match dispatch(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: ERROR: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<()> {
    match command {
        Command::Setup { tests: false } => setup::for_building(),
        Command::Setup { tests: true } => setup::for_tests(),
        Command::Assets => assets::fetch(),
        Command::Ui { debug: false } => interface::build(interface::Profile::Release),
        Command::Ui { debug: true } => interface::build(interface::Profile::Debug),
        Command::Run { args } => run::run(&args),
        Command::Dev => dev::dev(),
        Command::Test { filter } => test::test(filter.as_deref()),
        Command::Tidy => tidy::tidy(),
        Command::Measure { measurement } => measure::measure(&measurement),
        Command::Bench => measure::measure(&Measurement::Bench),
        Command::Startup(startup) => measure::measure(&Measurement::Startup(startup)),
        Command::Screenshots => screenshots::screenshots(),
        Command::Bundle { bundles } => bundle::bundle(&bundles),
    }
}
