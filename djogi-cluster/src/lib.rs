//! djogi-cluster
