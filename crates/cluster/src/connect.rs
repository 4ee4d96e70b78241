//! The way to the cluster: the pod's service account, else a kubeconfig.

use std::env;
use std::path::Path;
use std::time::Duration;

use kube::config::{Config, KubeConfigOptions, Kubeconfig};

use crate::Error;

/// Where Kubernetes mounts the token of a pod's service account.
const TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/// What a charm may use: in a pod its service account, outside one the file that `KUBECONFIG` names.
///
/// kube's own search prefers a kubeconfig, and even one in a home folder. A charm must not act with whatever it finds.
pub(crate) async fn configuration(application: &str) -> Result<Config, Error> {
    let in_cluster = env::var_os("KUBERNETES_SERVICE_HOST").is_some_and(|host| !host.is_empty());
    let in_pod = in_cluster && Path::new(TOKEN).exists();
    let config = if in_pod {
        Config::incluster().map_err(|error| Error::Configuration {
            from: "the service account of this pod".to_owned(),
            source: Box::new(kube::Error::Service(Box::new(error))),
        })?
    } else {
        let path = env::var("KUBECONFIG")
            .ok()
            .filter(|path| !path.is_empty())
            .ok_or_else(|| Error::NoCluster { application: application.to_owned() })?;
        let unusable = |error| Error::Configuration {
            from: format!("KUBECONFIG={path}"),
            source: Box::new(kube::Error::InferKubeconfig(error)),
        };
        let kubeconfig = Kubeconfig::read_from(&path).map_err(unusable)?;
        Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
            .await
            .map_err(unusable)?
    };
    Ok(limited(config))
}

/// A hook that waits is a unit that does nothing else. kube itself would try for minutes; here the next hook does.
fn limited(mut config: Config) -> Config {
    config.connect_timeout = Some(Duration::from_secs(5));
    config.read_timeout = Some(Duration::from_secs(30));
    config.default_retry = false;
    config
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use charm::ObjectKind;
    use kube::Client;

    use super::*;
    use crate::Cluster;

    #[tokio::test]
    async fn a_cluster_that_never_answers_is_given_up() {
        // It takes connections, and says nothing.
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut config = limited(Config::new(url.parse().unwrap()));
        assert_eq!(config.read_timeout, Some(Duration::from_secs(30)));
        config.read_timeout = Some(Duration::from_millis(50));
        let cluster = Cluster::new(Client::try_from(config).unwrap(), "app");
        let error = cluster.list(&ObjectKind::new("v1", "Secret"), None, "").await.unwrap_err();
        assert!(error.is_silence(), "{error:?}");
        assert_eq!(error.to_string(), "list v1/Secret: the cluster does not answer");
    }
}
