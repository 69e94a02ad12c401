//! Which rows are an account's.

/// The key of the OAuth app that an account is connected through, as an expression over `social_accounts a`: the network
/// it was connected by; else the app whose secret came with its credentials, whichever project connected it; else an app
/// of its project's own.
macro_rules! app_subject {
    () => {
        "coalesce(a.social_network_id, encode(substring(sha256(convert_to(a.platform || '/' || coalesce(\
           a.facts ->> 'app', a.project_id::text || coalesce(a.facts ->> 'client', '')), 'UTF8')) FROM 1 FOR 16), 'hex')::uuid)"
    };
}
pub(crate) use app_subject;

/// What an account has to wait for longest, as a lateral join `w(scope, until, because)` over `social_accounts a` and
/// `app(id)`.
macro_rules! throttle_of {
    () => {
        "LEFT JOIN LATERAL (\
           SELECT k.scope, b.blocked_until AS until, b.blocked_because AS because \
           FROM (VALUES ('account', a.id), ('app', app.id)) AS k(scope, subject) \
           JOIN rate_budgets b ON b.scope = k.scope AND b.subject = k.subject \
           WHERE b.blocked_until > clock_timestamp() ORDER BY b.blocked_until DESC LIMIT 1) w ON true"
    };
}
pub(crate) use throttle_of;
