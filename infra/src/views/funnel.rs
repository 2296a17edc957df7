//! Which steps an order takes and how long they take it, in SQL: the sums of the
//! funnel are held against it, and what they are not kept by is counted with it.

/// Beside `orders`: a row for each step, `step` and `seconds`. Null where the
/// order has not taken it, and negative where one state came before the other;
/// from placing on, what came before took no time.
#[macro_export]
macro_rules! funnel_steps {
    () => {
        "LATERAL (VALUES
               ('placed', placed_at, placed_at, true),
               ('placed_confirmed', placed_at, confirmed_at, true),
               ('placed_paid', placed_at, paid_at, true),
               ('placed_shipped', placed_at, shipped_at, true),
               ('placed_delivered', placed_at, delivered_at, true),
               ('placed_return_requested', placed_at, return_requested_at, true),
               ('placed_refunded', placed_at, refunded_at, true),
               ('placed_cancelled', placed_at, cancelled_at, true),
               ('paid_shipped', paid_at, shipped_at, false),
               ('shipped_delivered', shipped_at, delivered_at, false),
               ('delivered_return_requested', delivered_at, return_requested_at, false),
               ('return_requested_refunded', return_requested_at, refunded_at, false)
           ) AS steps (step, since, until, at_least_none),
           LATERAL (SELECT (floor(extract(epoch FROM until)) - floor(extract(epoch FROM since)))::bigint)
               AS clock (passed),
           LATERAL (SELECT CASE WHEN at_least_none AND passed IS NOT NULL
                                THEN greatest(passed, 0) ELSE passed END)
               AS taken (seconds)"
    };
}

/// The bucket of `seconds`: how many bits they have.
#[macro_export]
macro_rules! funnel_bucket {
    () => {
        "CASE WHEN seconds = 0 THEN 0 \
              ELSE length(ltrim(seconds::bit(64)::text, '0')) END::smallint"
    };
}
