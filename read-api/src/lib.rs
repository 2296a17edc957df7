//! Queries: orders, their history and their statistics, and reference data, as
//! the projections have them, with their age.

mod background;
mod consistency;
mod cursor;
mod difference;
mod documented;
mod documents;
mod examples;
mod expand;
mod export;
mod fields;
mod files;
mod filters;
mod lag;
mod live;
mod log;
mod log_range;
mod measured;
mod one;
mod openapi;
mod own;
mod paging;
mod people;
mod problems;
mod range;
mod reference;
mod relayed;
mod reply;
mod routes;
mod servers;
mod state;

pub use cursor::{Keyset, Place, QueryHash, opened as opened_cursor, sealed as sealed_cursor};
pub use export::{ExportFiles, check_export};
pub use log::Log;
pub use openapi::openapi;
pub use problems::PROBLEM_TYPES;
pub use routes::customers::list::plan as customers_plan;
pub use routes::orders::list::{PlanError as ListPlanError, plan as list_plan};
pub use state::{ReadApi, ReadApiError};
