//! Which errors a consumer lives through.

use rdkafka::{error::KafkaError, types::RDKafkaErrorCode as Code};

/// Whether librdkafka mends what is wrong by itself: a broker that is away or
/// changes its office. After any other error of a poll, a consumer leaves its
/// group and joins anew.
pub fn mends_itself(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::AllBrokersDown
                | Code::BrokerTransportFailure
                | Code::Resolve
                | Code::OperationTimedOut
                | Code::RequestTimedOut
                | Code::NetworkException
                | Code::CoordinatorLoadInProgress
                | Code::CoordinatorNotAvailable
                | Code::NotCoordinator
                | Code::LeaderNotAvailable
                | Code::NotLeaderForPartition
        )
    )
}
