//! An S3-compatible store for tests, with one bucket: in the test's own process, on a
//! port of its own, its objects as files of a folder that is gone with it.
//!
//! | file | what |
//! |---|---|
//! | `store.rs` | what it answers |
//! | `folder.rs` | what it keeps, for whoever looks behind it |

mod folder;
mod store;

use anyhow::Result;
use folder::Folder;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use s3s::service::S3Service;
use std::{net::SocketAddr, time::Duration};
use tempfile::TempDir;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// Its bucket.
pub const BUCKET: &str = "orderlog";
/// The pair of keys that it lets in.
pub const ACCESS_KEY: &str = "key";
/// The secret of that pair.
pub const SECRET_KEY: &str = "hush";

/// A running store; gone when dropped.
#[derive(Debug)]
pub struct Server {
    folder: Folder,
    address: SocketAddr,
    /// Whether it can be reached.
    here: watch::Sender<bool>,
    task: JoinHandle<()>,
    _folder: TempDir,
}

impl Server {
    /// Starts it, with an empty bucket.
    ///
    /// # Errors
    /// No folder, or no port.
    pub async fn start() -> Result<Self> {
        let root = tempfile::tempdir()?;
        let folder = Folder::new(root.path())?;
        let service = store::service(&folder)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (here, told) = watch::channel(true);
        Ok(Self {
            folder,
            address,
            here,
            task: tokio::spawn(serve(listener, service, told)),
            _folder: root,
        })
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts all connections, and from now on each that is made.
    pub fn go_away(&self) {
        self.here.send_replace(false);
    }

    /// Can be reached again.
    pub fn come_back(&self) {
        self.here.send_replace(true);
    }

    /// The names of its objects, sorted.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn objects(&self) -> Result<Vec<String>> {
        self.folder.objects()
    }

    /// Puts something there that nobody knows of, as if it had been there for so long.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn leave_behind(&self, name: &str, before: Duration) -> Result<()> {
        self.folder.leave_behind(name, before)
    }

    /// How many uploads in parts are neither complete nor ended.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn open_uploads(&self) -> Result<usize> {
        Ok(self.folder.uploads()?.len())
    }

    /// How many parts it has of them.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn parts(&self) -> Result<usize> {
        self.folder.parts()
    }

    /// Takes all that are open for begun so much earlier.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn make_uploads_older(&self, by: Duration) -> Result<()> {
        self.folder.make_uploads_older(by)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, service: S3Service, here: watch::Receiver<bool>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        if !*here.borrow() {
            continue;
        }
        let connection =
            http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone());
        let gone = until_gone(here.clone());
        tokio::spawn(async move {
            tokio::select! {
                _ = connection => {}
                () = gone => {}
            }
        });
    }
}

async fn until_gone(mut here: watch::Receiver<bool>) {
    // Dropped, it is gone as well.
    let _ = here.wait_for(|here| !here).await;
}
