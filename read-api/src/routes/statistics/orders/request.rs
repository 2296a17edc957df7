//! What statistics are asked for.

use super::{answer::Compared, series, store};
use crate::{
    consistency::Consistency,
    filters::{
        Allowed, COUNTRY, CURRENCY, FULFILLMENT_STATUS, KIND, PAYMENT_STATUS, PLATFORM,
        RETURN_STATUS, STATUS,
    },
    routes::{
        orders::list::with_filters,
        statistics::{
            cached::{Question, StatisticsError, packed_beside},
            period::{Hours, Interval},
            selected::Selected,
            shifted::{self, Compare},
        },
    },
};
use actix_web::HttpRequest;
use infra::{
    http::{Problem, Query, query::invalid},
    redis::Entry,
};
use sqlx::PgPool;
use utoipa::{IntoParams, ToSchema};

/// Parameters of the route.
pub const PARAMETERS: &[&str] = &with_filters::<35>(&[
    "by",
    "from",
    "to",
    "interval",
    "time_zone",
    "group_by",
    "fill",
    "compare",
    "min_position",
]);

/// What the sums by the hours of events are kept by.
const BY_EVENT: Allowed = Allowed {
    choices: &[PLATFORM, CURRENCY, COUNTRY, KIND],
    ..Allowed::NOTHING
};
/// What those by the hours of orders are kept by.
const BY_ORDER: Allowed = Allowed {
    choices: &[
        PLATFORM,
        CURRENCY,
        COUNTRY,
        KIND,
        STATUS,
        PAYMENT_STATUS,
        FULFILLMENT_STATUS,
        RETURN_STATUS,
    ],
    ..Allowed::NOTHING
};

/// What rows can be grouped by: parameters, and columns. The currency always is
/// one of them.
const GROUPS: &[&str] = &[
    "platform",
    "currency",
    "country",
    "kind",
    "status",
    "payment_status",
    "fulfillment_status",
    "return_status",
];
/// Those that only the sums by statuses know.
const STATUSES: &[&str] = &[
    "status",
    "payment_status",
    "fulfillment_status",
    "return_status",
];

/// Which date decides where something counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Dated {
    /// When its order was placed.
    #[default]
    OrderDate,
    /// When it happened.
    EventDate,
}

/// Statistics, as asked for.
#[derive(Debug, Clone)]
pub struct StatisticsRequest {
    /// Where something counts.
    pub dated: Dated,
    /// Which hours.
    pub hours: Hours,
    /// None: one row per group for the whole range.
    pub interval: Option<Interval>,
    /// Whether periods in which nothing is are told, too.
    pub fills: bool,
    /// Hours that they are compared with.
    pub before: Option<Hours>,
    /// One row for each combination of these columns.
    pub groups: Vec<&'static str>,
    /// Which orders.
    pub orders: Selected,
    /// How fresh.
    pub consistency: Consistency,
}

impl StatisticsRequest {
    /// Reads the parameters of a request.
    pub fn of(request: &HttpRequest, query: &Query) -> Result<Self, Problem> {
        let (hours, interval) = (Hours::of(query)?, Interval::of(query, true)?);
        let dated = dated(query)?;
        let known = match dated {
            Dated::OrderDate => BY_ORDER,
            Dated::EventDate => BY_EVENT,
        };
        let asked = Self {
            dated,
            fills: fills(query, interval)?,
            before: before(query, &hours)?,
            hours,
            interval,
            groups: groups(query)?,
            orders: Selected::of(query, &known)?,
            consistency: Consistency::of(request, query)?,
        };
        if asked.dated == Dated::EventDate && asked.with_statuses() {
            return Err(invalid(
                "by",
                "must be order_date where statuses are grouped by: what happened has none",
            ));
        }
        Ok(asked)
    }

    /// Whether only the sums by statuses know it.
    pub fn with_statuses(&self) -> bool {
        let grouped = self.groups.iter().any(|name| STATUSES.contains(name));
        grouped || STATUSES.iter().any(|name| self.orders.knows(name))
    }
}

impl Question for StatisticsRequest {
    fn canonical(&self) -> String {
        let (orders, groups) = (self.orders.canonical(), &self.groups);
        let range = (
            self.dated,
            &self.hours,
            self.interval,
            self.fills,
            &self.before,
        );
        format!("orders {range:?} {groups:?}\n{orders}")
    }

    fn consistency(&self) -> &Consistency {
        &self.consistency
    }

    fn is_counted(&self) -> bool {
        !self.orders.is_known()
    }

    async fn answer(mut self, views: PgPool) -> Result<Entry, StatisticsError> {
        self.orders.resolve(&views).await?;
        let (version, found) = store::sums(&views, &self).await?;
        let rows = series::rows(found, self.fills)?;
        let compared = self.before.as_ref().and_then(Hours::bounds);
        let compared_with = compared.map(|(from, to)| Compared {
            from: shifted::told(from),
            to: shifted::told(to),
        });
        packed_beside(&rows, version, compared_with)
    }
}

fn dated(query: &Query) -> Result<Dated, Problem> {
    match query.one("by")? {
        None | Some("order_date") => Ok(Dated::OrderDate),
        Some("event_date") => Ok(Dated::EventDate),
        Some(_) => Err(invalid("by", "must be one of order_date, event_date")),
    }
}

/// The parameter `fill`.
fn fills(query: &Query, interval: Option<Interval>) -> Result<bool, Problem> {
    match (query.one("fill")?, interval) {
        (None, _) => Ok(false),
        (Some("zeros"), Some(_)) => Ok(true),
        (Some("zeros"), None) => Err(invalid("fill", "needs an interval")),
        (Some(_), _) => Err(invalid("fill", "must be zeros")),
    }
}

/// The parameter `compare`, as the hours that are compared with.
fn before(query: &Query, hours: &Hours) -> Result<Option<Hours>, Problem> {
    let Some(compare) = Compare::of(query)? else {
        return Ok(None);
    };
    let bounds = hours.bounds();
    let (from, to) = bounds.ok_or_else(|| invalid("compare", "needs from and to"))?;
    let before = compare.range(from, to).ok_or_else(|| {
        let detail = "needs from and to to be both dates or both hours, after the first year";
        invalid("compare", detail)
    })?;
    Ok(Some(hours.between(before)))
}

/// In the order of [`GROUPS`].
fn groups(query: &Query) -> Result<Vec<&'static str>, Problem> {
    let asked = query.many("group_by")?;
    if asked.iter().any(|name| !GROUPS.contains(name)) {
        let detail = format!("must be one or more of {}", GROUPS.join(", "));
        return Err(invalid("group_by", detail));
    }
    let group = |name: &&&str| **name == "currency" || asked.contains(*name);
    Ok(GROUPS.iter().filter(group).copied().collect())
}

/// The parameters, for the OpenAPI document.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters, is never read")]
pub struct StatisticsParameters {
    /// Which date decides where something counts; that of the order if absent
    #[param(inline)]
    by: Option<Dated>,
    /// First day (in `time_zone`), or first hour; the beginning if absent
    #[param(example = "2026-01-01")]
    from: Option<String>,
    /// Day or hour after the last one; the end if absent
    #[param(example = "2026-02-01T00:00:00Z")]
    to: Option<String>,
    /// Length of a period; one row per group for the whole range if absent
    #[param(inline)]
    interval: Option<Interval>,
    /// IANA name of the zone whose days, weeks and months are meant; UTC if absent
    #[param(example = "Europe/London")]
    time_zone: Option<String>,
    /// `zeros`: a row of zeros for each period in which a group has nothing, of the groups that have anything in the range; such periods are left out if absent
    #[param(example = "zeros")]
    fill: Option<String>,
    /// Range that the figures are compared with; each row has its figures in `previous`. Needs `from` and `to`
    #[param(inline)]
    compare: Option<Compare>,
    /// One or more of `platform`, `currency`, `country`, `kind`, `status`, `payment_status`, `fulfillment_status`, `return_status`, separated by commas
    #[param(example = "platform,country")]
    group_by: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn asked(text: &str) -> Result<StatisticsRequest, String> {
        let request = TestRequest::with_uri(&format!("/?{text}")).to_http_request();
        let query = Query::of(&request, PARAMETERS).map_err(|p| p.to_string())?;
        StatisticsRequest::of(&request, &query).map_err(|p| p.to_string())
    }

    #[test]
    fn the_same_question_has_the_same_key() {
        let key = |text| asked(text).map(|asked| asked.key());
        assert_eq!(
            key("from=2026-01-01&group_by=kind,platform&kind=credit,order"),
            key(
                "kind=order&group_by=platform&group_by=kind,currency&kind=credit&by=order_date\
                 &from=2026-01-01T00:00:00Z"
            )
        );
        for (one, other) in [
            ("from=2026-01-01", "to=2026-01-01"),
            ("from=2026-01-01", "from=2026-01-01&time_zone=Asia/Tokyo"),
            ("group_by=kind", "group_by=platform"),
            ("by=event_date", "by=order_date"),
            ("status=placed", "payment_status=paid"),
            ("interval=day", "interval=day&fill=zeros"),
            (
                "from=2026-01-01&to=2026-02-01",
                "from=2026-01-01&to=2026-02-01&compare=previous_year",
            ),
        ] {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
    }

    #[test]
    fn only_statuses_take_the_sums_by_statuses() {
        for (text, statuses) in [
            ("group_by=platform,kind&country=GB", false),
            ("group_by=payment_status", true),
            ("fulfillment_status=delivered", true),
        ] {
            let asked = asked(text).expect(text);
            assert_eq!(asked.with_statuses(), statuses, "{text}");
            assert!(asked.orders.is_known(), "{text}");
        }
    }

    #[test]
    fn what_the_sums_are_not_kept_by_is_counted() {
        for text in [
            "customer=C-1",
            "tag=gift",
            "q=lamp",
            "total_min=5&status=placed",
            "by=event_date&return_status=none",
        ] {
            assert!(!asked(text).expect(text).orders.is_known(), "{text}");
        }
    }

    #[test]
    fn what_the_sums_cannot_answer_is_refused() {
        for (text, reason) in [
            (
                "interval=minute",
                "interval must be one of hour, day, week, month",
            ),
            ("from=2026-01-01T12:30:00Z", "from must be a date"),
            (
                "from=2026-02-01&to=2026-01-01",
                "to must not be before from",
            ),
            ("group_by=colour", "group_by must be one or more of"),
            ("time_zone=x'y", "time_zone must be an IANA name"),
            ("by=day", "by must be one of order_date, event_date"),
            ("by=event_date&group_by=status", "by must be order_date"),
            ("fill=zeros", "fill needs an interval"),
            ("fill=ones&interval=day", "fill must be zeros"),
            ("compare=previous_year", "compare needs from and to"),
            ("compare=now&from=2026-01-01", "compare must be one of"),
            (
                "compare=previous_period&time_zone=Europe/Paris&from=2026-01-01&to=2026-02-01T00:00:00Z",
                "compare needs from and to to be both dates or both hours",
            ),
        ] {
            let error = asked(text).expect_err(text);
            assert!(error.contains(reason), "{error}");
        }
    }
}
