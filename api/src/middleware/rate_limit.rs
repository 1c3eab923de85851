//! How often somebody may ask: by address, by account that is logged in to, by principal and by company.
//!
//! Decided in process, at once. With Redis the same limits hold across servers: every tenth request is charged there
//! for ten, off the request's path, and a refusal shuts the key out here for as long as Redis says. Log-ins ask Redis
//! before they go on. Without Redis the local limit alone holds (docs/decisions/0008).

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use poem::{Request, http::HeaderMap};
use sha2::{Digest as _, Sha256};
use surv_tenancy::Actor;

use crate::problem::{Problem, ProblemKind};

/// The limit that a request counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Rule {
    Address,
    Account,
    Principal,
    Company,
}

/// Requests a minute, and how many at once.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    pub per_minute: u32,
    pub burst: u32,
}

/// The limits of a deployment.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Anonymous requests from one address.
    pub address: Rate,
    /// Log-ins and codes for one account.
    pub account: Rate,
    /// Requests of one person in one company.
    pub principal: Rate,
    /// Requests of one company.
    pub company: Rate,
}

type Key = [u8; 16];

struct Local {
    rates: Rates,
    limiters: [DefaultKeyedRateLimiter<Key>; 4],
    shared: Mutex<HashMap<(Rule, Key), Shared>>,
}

/// Requests since the last charge in Redis, and until when Redis shuts the key out.
type Shared = (u32, Option<Instant>);

/// Cheap to clone.
#[derive(Clone)]
pub struct RateLimits {
    local: Arc<Local>,
    redis: Option<redis::aio::ConnectionManager>,
}

impl std::fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RateLimits").field("rates", &self.local.rates).finish_non_exhaustive()
    }
}

const CHARGE: u32 = 10;

impl RateLimits {
    pub fn new(rates: Rates, redis: Option<redis::aio::ConnectionManager>) -> Self {
        let limiter = |rate: Rate| {
            let one = NonZeroU32::MIN;
            let quota = Quota::per_minute(NonZeroU32::new(rate.per_minute).unwrap_or(one))
                .allow_burst(NonZeroU32::new(rate.burst).unwrap_or(one));
            RateLimiter::keyed(quota)
        };
        let limiters =
            [limiter(rates.address), limiter(rates.account), limiter(rates.principal), limiter(rates.company)];
        Self { local: Arc::new(Local { rates, limiters, shared: Mutex::new(HashMap::new()) }), redis }
    }

    /// Counts an anonymous request.
    ///
    /// # Errors
    /// 429 with `Retry-After`.
    pub async fn check_address(&self, address: IpAddr) -> Result<(), Problem> {
        // A household or a server has a whole /64 of IPv6.
        let bytes = match address {
            IpAddr::V4(v4) => v4.octets().to_vec(),
            IpAddr::V6(v6) => v6.octets()[..8].to_vec(),
        };
        self.check_now(Rule::Address, key(&bytes)).await
    }

    /// Counts a try to get into an account, known or not.
    ///
    /// # Errors
    /// 429 with `Retry-After`.
    pub async fn check_account(&self, email: &str) -> Result<(), Problem> {
        self.check_now(Rule::Account, key(email.trim().to_lowercase().as_bytes())).await
    }

    /// Counts a caller's request, against the person and the company.
    ///
    /// # Errors
    /// 429 with `Retry-After`.
    pub async fn check_actor(&self, actor: &Actor) -> Result<(), Problem> {
        let user_id = actor.user_id().map(|id| id.0).unwrap_or_default();
        let person = key(&[actor.tenant_id.0.as_bytes().as_slice(), user_id.as_bytes()].concat());
        self.check_soon(Rule::Principal, person)?;
        self.check_soon(Rule::Company, key(actor.tenant_id.0.as_bytes()))
    }

    fn check_local(&self, rule: Rule, key: &Key) -> Result<(), Problem> {
        let limiter = &self.local.limiters[rule as usize];
        limiter.check_key(key).map_err(|until| {
            use governor::clock::{Clock as _, DefaultClock};
            refused(until.wait_time_from(DefaultClock::default().now()))
        })
    }

    /// Local limit, then Redis's, before going on.
    async fn check_now(&self, rule: Rule, key: Key) -> Result<(), Problem> {
        self.check_local(rule, &key)?;
        let Some(redis) = self.redis.clone() else { return Ok(()) };
        match charge(redis, rule, &key, self.rate(rule), 1).await {
            Some(wait) => Err(refused(wait)),
            None => Ok(()),
        }
    }

    /// Local limit; Redis is told in the background.
    fn check_soon(&self, rule: Rule, key: Key) -> Result<(), Problem> {
        self.check_local(rule, &key)?;
        let Some(redis) = self.redis.clone() else { return Ok(()) };
        if !self.count(rule, key)? {
            return Ok(());
        }
        let limits = self.clone();
        tokio::spawn(async move {
            if let Some(wait) = charge(redis, rule, &key, limits.rate(rule), CHARGE).await {
                let mut shared = limits.local.shared.lock().unwrap_or_else(PoisonError::into_inner);
                shared.insert((rule, key), (0, Some(Instant::now() + wait)));
            }
        });
        Ok(())
    }

    /// Whether it is time to charge; an error while Redis shuts the key out.
    fn count(&self, rule: Rule, key: Key) -> Result<bool, Problem> {
        let mut shared = self.local.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if shared.len() > 100_000 {
            shared.clear();
        }
        let (count, shut_out) = shared.entry((rule, key)).or_insert((0, None));
        if let Some(until) = *shut_out {
            let now = Instant::now();
            if until > now {
                return Err(refused(until - now));
            }
            *shut_out = None;
        }
        *count += 1;
        let due = *count >= CHARGE;
        if due {
            *count = 0;
        }
        Ok(due)
    }

    fn rate(&self, rule: Rule) -> Rate {
        let rates = &self.local.rates;
        match rule {
            Rule::Address => rates.address,
            Rule::Account => rates.account,
            Rule::Principal => rates.principal,
            Rule::Company => rates.company,
        }
    }

    /// Forgets keys that have long been quiet; call it now and then.
    pub fn retain_recent(&self) {
        for limiter in &self.local.limiters {
            limiter.retain_recent();
        }
    }
}

fn refused(wait: Duration) -> Problem {
    Problem::new(ProblemKind::TooManyRequests).retry_after(wait.as_secs().max(1))
}

fn key(bytes: &[u8]) -> Key {
    let mut key = [0; 16];
    key.copy_from_slice(&Sha256::digest(bytes)[..16]);
    key
}

/// GCRA by the clock of Redis: one key per limit holds when its allowance is full again.
const GCRA: &str = r"
local t = redis.call('TIME'); local now = t[1] * 1000 + t[2] / 1000
local period, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + period * cost
if full - period * burst > now then return math.ceil(full - period * burst - now) end
redis.call('SET', KEYS[1], string.format('%.3f', full), 'PX', math.ceil(full - now)); return 0
";

/// How long to wait, when the allowance is used up. Redis gone or slow counts as allowed.
async fn charge(
    mut redis: redis::aio::ConnectionManager,
    rule: Rule,
    key: &Key,
    rate: Rate,
    cost: u32,
) -> Option<Duration> {
    let name = format!("surv:rate:{rule:?}:{}", hex::encode(key));
    let script = redis::Script::new(GCRA);
    let mut call = script.key(name);
    call.arg(60_000.0 / f64::from(rate.per_minute.max(1))).arg(rate.burst.max(cost)).arg(cost);
    let answered = tokio::time::timeout(Duration::from_millis(100), call.invoke_async::<u64>(&mut redis)).await;
    match answered {
        Ok(Ok(wait_ms)) if wait_ms > 0 => Some(Duration::from_millis(wait_ms)),
        _ => None,
    }
}

/// Whose `X-Forwarded-For` is believed: our own proxies, by address. Anybody else could claim to be anywhere.
#[derive(Clone)]
pub struct TrustedProxies(Arc<dyn Fn(IpAddr) -> bool + Send + Sync>);

impl std::fmt::Debug for TrustedProxies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TrustedProxies")
    }
}

impl TrustedProxies {
    /// Believes peers for which `trusted` says yes.
    pub fn new(trusted: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(trusted))
    }

    /// Believes nobody: requests come straight from clients.
    pub fn none() -> Self {
        Self::new(|_| false)
    }
}

/// Where a request comes from. The last entry of `X-Forwarded-For` is what our proxy saw; earlier ones are claims.
pub fn address_of(request: &Request) -> IpAddr {
    let peer =
        request.remote_addr().as_socket_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), std::net::SocketAddr::ip);
    origin(peer, request.headers(), request.data::<TrustedProxies>())
}

fn origin(peer: IpAddr, headers: &HeaderMap, proxies: Option<&TrustedProxies>) -> IpAddr {
    match proxies {
        Some(proxies) if (proxies.0)(peer) => forwarded(headers).unwrap_or(peer),
        _ => peer,
    }
}

fn forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    headers.get("x-forwarded-for")?.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_proxy_says_where_a_request_comes_from() {
        let (proxy, stranger): (IpAddr, IpAddr) = ("10.0.0.1".parse().unwrap(), "198.51.100.7".parse().unwrap());
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "1.1.1.1, 203.0.113.9".parse().unwrap());
        let proxies = TrustedProxies::new(move |peer| peer == proxy);

        assert_eq!(origin(proxy, &headers, Some(&proxies)).to_string(), "203.0.113.9");
        assert_eq!(origin(stranger, &headers, Some(&proxies)), stranger);
        assert_eq!(origin(proxy, &headers, Some(&TrustedProxies::none())), proxy);
        assert_eq!(origin(proxy, &headers, None), proxy);
    }
}
