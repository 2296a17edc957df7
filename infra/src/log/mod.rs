//! The log as its readers see it: stored events in log order, never past the
//! horizon, and the mapping from what is stored to what is published.

mod end;
mod event;
mod hints;
mod horizon_age;
mod keys;
mod pager;
mod platforms;
mod reader;
mod resume;
mod seek;
mod stream;

pub use end::LogEnd;
pub use event::{
    ContractMapping, MappingError, Metadata, NewerRelease, PublishedEvent, StoredEvent,
    of_newer_release,
};
pub use hints::LogHints;
pub use horizon_age::HorizonAge;
pub use keys::EventKey;
pub use pager::{LogPager, PageSize};
pub use platforms::{OrderPlatforms, PlatformsById};
pub use reader::{COLUMNS, Horizon, LogReader, StreamPage, stored_event};
pub use resume::{NotResumable, check_resumable};
pub use seek::TIME_SLACK;
