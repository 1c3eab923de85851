//! Log-ins on devices: beginning one, keeping it alive, ending it.
//!
//! A session is a row; whoever holds its tokens acts by it until the row ends. Log-in tells nobody what exists: a
//! wrong address, password or company is one answer after one time. A refresh token works once; a second use of it
//! ends the session. Tokens for callers are minted by the API from [`LoggedIn`].

mod error;
mod log_in;
mod own;
mod password;
mod refresh;
mod second_step;
mod session;
mod start;
mod store;

pub use error::SessionError;
pub use log_in::{ChooseCompany, LogIn, choose_company, log_in};
pub use own::{check_live, end_all_others, end_own, list_own, log_out};
pub use password::{ChangePassword, change_password};
pub use refresh::refresh;
pub use second_step::{SecondStep, second_step};
pub use session::{CompanyAccess, Device, LogInOutcome, LoggedIn, OwnSession, SessionKind};

pub(crate) use own::{LiveCaller, require_live};
pub(crate) use start::{Proved, proceed};
pub(crate) use store::end_all as end_all_sessions;
