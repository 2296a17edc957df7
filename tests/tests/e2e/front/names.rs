//! A name server, and a network of addresses of this machine for it to tell.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::{net::UdpSocket, task::JoinHandle};

type Known = HashMap<String, Vec<Ipv4Addr>>;

/// Answers as Docker's name server does: with every instance of a service.
pub struct Names {
    /// Where it is asked.
    pub server: SocketAddr,
    network: [u8; 2],
    given: u8,
    known: Arc<Mutex<Known>>,
    task: JoinHandle<()>,
}

impl Names {
    /// One that knows nothing yet. Its network is chosen by chance, so that two
    /// of them can have the same port.
    pub async fn serve() -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0").await?;
        let known = Arc::<Mutex<Known>>::default();
        Ok(Self {
            server: socket.local_addr()?,
            network: [rand::random_range(1..255), rand::random_range(1..255)],
            given: 0,
            task: tokio::spawn(tell(socket, Arc::clone(&known))),
            known,
        })
    }

    /// An address that nobody has yet, for something that is to be told of.
    pub fn new_address(&mut self) -> Ipv4Addr {
        self.given += 1;
        Ipv4Addr::new(127, self.network[0], self.network[1], self.given)
    }

    /// From now on a name has this address too.
    pub fn add(&self, name: &str, address: Ipv4Addr) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(name.to_owned()).or_default().push(address);
    }

    /// From now on it has not.
    pub fn remove(&self, name: &str, address: Ipv4Addr) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(addresses) = known.get_mut(name) {
            addresses.retain(|known| *known != address);
        }
    }
}

impl Drop for Names {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn tell(socket: UdpSocket, known: Arc<Mutex<Known>>) {
    let mut query = [0; 512];
    // An error is of one client that has gone.
    loop {
        let Ok((length, client)) = socket.recv_from(&mut query).await else {
            continue;
        };
        let reply = {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            reply(&query[..length], &known)
        };
        if let Some(reply) = reply {
            let _ = socket.send_to(&reply, client).await;
        }
    }
}

/// The answer to a question for addresses (RFC 1035); none to what is no question.
fn reply(query: &[u8], known: &Known) -> Option<Vec<u8>> {
    let question = query.get(12..)?;
    let (mut name, mut at) = (Vec::new(), 0);
    loop {
        let length = usize::from(*question.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        name.push(std::str::from_utf8(question.get(at..at + length)?).ok()?);
        at += length;
    }
    // Behind the name its type and its class.
    let question = question.get(..at + 4)?;
    let addresses = known.get(&name.join(".").to_lowercase());
    let addresses = addresses.map_or(&[][..], Vec::as_slice);
    // Recursive, as it was asked for; 3: there is no such name.
    let code = if addresses.is_empty() { 0x83 } else { 0x80 };
    let count = u8::try_from(addresses.len()).ok()?;
    let mut reply = query.get(..2)?.to_vec();
    reply.extend([0x81, code, 0, 1, 0, count, 0, 0, 0, 0]);
    reply.extend(question);
    for address in addresses {
        // The name of the question, an IPv4 address, of the Internet, for a second.
        reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4]);
        reply.extend(address.octets());
    }
    Some(reply)
}
