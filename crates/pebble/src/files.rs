//! `/v1/files`: what is in the container's file system.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::client::Refusal;
use crate::error::shortened;
use crate::multipart::{self, Form};
use crate::transport::{Reply, Request};
use crate::{Cause, Client, Error};

/// A write ends with an fsync, which a busy disk may delay for long.
const WRITE_PATIENCE: Duration = Duration::from_secs(30);

/// One path that was to be read.
#[derive(Clone, PartialEq, Eq)]
pub struct ReadFile {
    /// Which.
    pub path: String,
    /// What it holds, or why that is not known. It may be secret, so `Debug` does not show it.
    pub content: Result<Vec<u8>, FileTrouble>,
}

/// Why one path could not be read, written, made or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTrouble {
    /// `not-found`, `permission-denied` or `generic-file-error`.
    pub kind: String,
    /// Pebble's text.
    pub message: String,
}

/// A file or directory, as Pebble lists it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct FileInfo {
    /// Absolute.
    pub path: String,
    /// Its last component.
    pub name: String,
    /// `file`, `directory`, `symlink`, `socket`, `named-pipe`, `device` or `unknown`.
    #[serde(rename = "type")]
    pub kind: String,
    /// In bytes; only of a regular file.
    pub size: Option<u64>,
    /// Three octal digits.
    pub permissions: String,
    /// Of its owner.
    #[serde(rename = "user-id")]
    pub user_id: Option<u32>,
    /// Of its group.
    #[serde(rename = "group-id")]
    pub group_id: Option<u32>,
}

#[derive(Deserialize)]
struct FileResult {
    path: String,
    error: Option<Refusal>,
}

impl FileTrouble {
    /// Whether there is no such file.
    pub fn is_not_found(&self) -> bool {
        self.kind == "not-found"
    }

    pub(crate) fn at(self, path: impl Into<String>) -> Cause {
        Cause::File { path: path.into(), kind: self.kind, message: self.message }
    }
}

impl FileInfo {
    /// Its permission bits, such as `0o644`.
    pub fn mode(&self) -> Option<u32> {
        u32::from_str_radix(&self.permissions, 8).ok()
    }
}

impl Client {
    /// `GET /v1/files?action=read`: these files, in this order. What cannot be read is so told beside what can.
    pub async fn read_files(&self, paths: &[&str]) -> Result<Vec<ReadFile>, Error> {
        let action = format!("read {}", paths.join(", "));
        let mut query = vec![("action", "read")];
        query.extend(paths.iter().map(|path| ("path", *path)));
        let mut request = Request::fetch("/v1/files", &query);
        request.accept = Some("multipart/form-data");
        let reply = self.accepted(&action, &request).await?;
        self.explain(&action, read_files(paths, &reply))
    }

    /// `GET /v1/files?action=list&itself=true`: the file or directory at `path` itself; `None` where there is none.
    /// A symbolic link is followed.
    pub async fn file_info(&self, path: &str) -> Result<Option<FileInfo>, Error> {
        let found = self.list(path, &[("itself", "true")]).await?;
        Ok(found.and_then(|found| found.into_iter().next()))
    }

    /// `GET /v1/files?action=list`: what is in the directory `path`, by name; `None` where there is none.
    pub async fn list_files(&self, path: &str) -> Result<Option<Vec<FileInfo>>, Error> {
        self.list(path, &[]).await
    }

    async fn list(
        &self,
        path: &str,
        options: &[(&str, &str)],
    ) -> Result<Option<Vec<FileInfo>>, Error> {
        let query = [&[("action", "list"), ("path", path)], options].concat();
        let request = Request::fetch("/v1/files", &query);
        match self.ask(&format!("look at {path}"), &request).await {
            Err(Error { cause: Cause::Refused { status: 404, .. }, .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// `POST /v1/files` (`write`): the file at `path` becomes this, at once, with its missing parents. Permission bits
    /// are as given; the owner is Pebble's own user, whoever owned a file that was there.
    pub async fn write_file(&self, path: &str, content: &[u8], mode: u32) -> Result<(), Error> {
        let action = format!("write {path}");
        let permissions = format!("{:03o}", mode & 0o777);
        let file = json!({"path": path, "make-dirs": true, "permissions": permissions});
        let form = Form::write(&json!({"action": "write", "files": [file]}), path, content);
        let request = Request {
            content_type: Some(form.content_type),
            body: form.body.into(),
            patience: WRITE_PATIENCE,
            ..Request::post("/v1/files", &json!(null))
        };
        self.change_files(&action, &request).await
    }

    /// `POST /v1/files` (`make-dirs`): makes a directory with its missing parents, all with the same permission bits.
    /// One that is there already is left as it is.
    pub async fn make_dir(&self, path: &str, mode: u32) -> Result<(), Error> {
        let permissions = format!("{:03o}", mode & 0o777);
        let dir = json!({"path": path, "make-parents": true, "permissions": permissions});
        let request = Request::post("/v1/files", &json!({"action": "make-dirs", "dirs": [dir]}));
        self.change_files(&format!("make directory {path}"), &request).await
    }

    /// `POST /v1/files` (`remove`): removes a file, or a directory with all that is in it. One that is not there is
    /// no error.
    pub async fn remove(&self, path: &str) -> Result<(), Error> {
        let paths = json!([{"path": path, "recursive": true}]);
        let request = Request::post("/v1/files", &json!({"action": "remove", "paths": paths}));
        self.change_files(&format!("remove {path}"), &request).await
    }

    async fn change_files(&self, action: &str, request: &Request) -> Result<(), Error> {
        let results: Vec<FileResult> = self.ask(action, request).await?;
        // The status is 200 even if nothing was done.
        if results.is_empty() {
            return Err(self.error(action, Cause::Answer("it names no path".to_owned())));
        }
        let failed = results.into_iter().find_map(|FileResult { path, error }| {
            error.map(|refusal| FileTrouble::from(refusal).at(path))
        });
        failed.map_or(Ok(()), |cause| Err(self.error(action, cause)))
    }
}

fn read_files(paths: &[&str], reply: &Reply) -> Result<Vec<ReadFile>, Cause> {
    let answer = |text: &str| Cause::Answer(text.to_owned());
    let parts = multipart::parts(&reply.content_type, &reply.body).map_err(answer)?;
    let (response, files) = parts
        .split_last()
        .filter(|(last, _)| last.name == "response")
        .ok_or_else(|| answer("it has no results"))?;
    let envelope: crate::client::Envelope<Vec<FileResult>> =
        serde_json::from_slice(response.content).map_err(|error| Cause::json(&error))?;
    let results = envelope.result.unwrap_or_default();
    if results.len() != paths.len() {
        return Err(answer("it is about other files"));
    }
    let read = results.into_iter().zip(paths).map(|(FileResult { path, error }, asked)| {
        if path != *asked {
            return Err(answer("it is about other files"));
        }
        // A file that could only be read in part has both: the error counts.
        let content = match error {
            Some(refusal) => Err(refusal.into()),
            None => Ok(files
                .iter()
                .find(|part| part.filename.as_deref() == Some(path.as_str()))
                .ok_or_else(|| answer("a file is missing from it"))?
                .content
                .to_vec()),
        };
        Ok(ReadFile { path, content })
    });
    read.collect()
}

impl From<Refusal> for FileTrouble {
    fn from(refusal: Refusal) -> Self {
        Self { kind: refusal.kind.unwrap_or_default(), message: shortened(&refusal.message) }
    }
}

impl std::fmt::Debug for ReadFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let content = self.content.as_ref().map(|content| format!("<{} bytes>", content.len()));
        f.debug_struct("ReadFile").field("path", &self.path).field("content", &content).finish()
    }
}
