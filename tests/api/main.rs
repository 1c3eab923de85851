//! What people do with the API, over HTTP.
