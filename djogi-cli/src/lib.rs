//! djogi-cli
