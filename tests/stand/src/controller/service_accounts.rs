//! The rights of charms in a Kubernetes API, before and after `juju trust`.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::Error;
use crate::kubernetes::{Kubernetes, Trust};

/// Makes two service accounts in `namespace`, and a folder for each in `folder`, for [`super::Settings`].
///
/// `untrusted` may do what Juju lets any application do, `trusted` everything, as after
/// `juju trust --scope=cluster`.
pub fn service_accounts(
    kubernetes: &Kubernetes,
    namespace: &str,
    folder: &Path,
) -> Result<(), Error> {
    for (name, trust) in [("untrusted", Trust::None), ("trusted", Trust::Cluster)] {
        kubernetes.service_account(namespace, name, trust)?;
        let token = kubernetes.token(namespace, name)?;
        let folder = folder.join(name);
        let write = || {
            fs::create_dir_all(&folder)?;
            fs::copy(kubernetes.ca(), folder.join("ca.crt"))?;
            fs::write(folder.join("namespace"), namespace)?;
            let mut file = fs::File::options()
                .create(true)
                .truncate(true)
                .write(true)
                .mode(0o600)
                .open(folder.join("token"))?;
            file.write_all(token.reveal().as_bytes())
        };
        write().map_err(Error::Folder)?;
    }
    Ok(())
}
