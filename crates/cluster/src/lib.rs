//! Kubernetes objects, put and read through kube-rs.
