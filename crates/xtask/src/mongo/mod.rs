//! MongoDB on this machine: found or downloaded, and run as a replica set.

pub(crate) mod process;
pub(crate) mod provision;
pub(crate) mod replica_set;
pub(crate) mod temporary;
mod uri;
mod wheel;
mod wire;

pub(crate) use uri::check_replica_set;

/// The purpose of a mongod, which determines its memory, durability and test hooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Development data, kept between runs. The shutdown is orderly.
    Development,
    /// Temporary data. Fail points are enabled, and transactions that a failed test leaves open expire soon.
    /// Processes are killed at the end.
    Tests,
    /// Temporary data, without test hooks.
    Benchmarks,
}

impl Purpose {
    /// The flags of mongod.
    fn flags(self) -> &'static [&'static str] {
        match self {
            // By default, a primary waits 15 seconds for its clients at shutdown.
            Self::Development => &[
                "--wiredTigerCacheSizeGB=0.25",
                "--oplogSize=64",
                "--setParameter=shutdownTimeoutMillisForSignaledShutdown=100",
                "--setParameter=transactionLifetimeLimitSeconds=10",
            ],
            Self::Tests => &[
                "--wiredTigerCacheSizeGB=0.5",
                "--oplogSize=128",
                "--setParameter=enableTestCommands=1",
                "--setParameter=transactionLifetimeLimitSeconds=5",
                // Each test has a database of about forty files. Idle files are closed soon, because a whole run
                // would exceed the limit of open files.
                "--wiredTigerEngineConfigString=file_manager=(close_idle_time=2,close_scan_interval=1)",
            ],
            // The cache has its default size. A small one would be evicted during a measurement.
            Self::Benchmarks => &["--oplogSize=1024"],
        }
    }

    /// Returns true if the data is kept, which requires an orderly shutdown.
    fn keeps_data(self) -> bool {
        self == Self::Development
    }
}
