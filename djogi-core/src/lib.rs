//! djogi-core
