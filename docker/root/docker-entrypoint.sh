#!/usr/lib/klamm/bash
# The entry point of Debezium's image: start | watch-topic | create-topic | list-topics, or any command.
set -o errexit

usage() {
    echo "usage: $1" >&2
    exit 1
}

# Sets KAFKA_BROKER where it is not given: a linked container's address, a host named kafka, or this very container.
find_broker() {
    local link
    for link in $(compgen -e); do
        if [ -z "${KAFKA_BROKER-}" ] && [[ $link == *_PORT_9092_TCP ]]; then KAFKA_BROKER=${!link#tcp://}; fi
    done
    if [ -z "${KAFKA_BROKER-}" ] && [ "$HOSTNAME" != kafka ] && nslookup kafka >/dev/null 2>&1; then KAFKA_BROKER=kafka:9092; fi
    KAFKA_BROKER=${KAFKA_BROKER:-localhost:9092}
    echo "Using KAFKA_BROKER=$KAFKA_BROKER"
}

start() {
    export KLAMM_DIALECT=debezium
    . /usr/lib/klamm/environment.sh
    prepare_environment
    # A server.properties that somebody mounted is the base, so nothing is written over it: the broker resolves at its start.
    exec /opt/kafka/bin/kafka-server-start.sh /kafka/config/server.properties
}

watch_topic() {
    local line='watch-topic [-a] [-k] [-m MIN_BYTES] TOPIC' option from=() key=false bytes=1
    while getopts :akm: option; do
        case $option in
            a) from=(--from-beginning) ;;
            k) key=true ;;
            m) bytes=$OPTARG ;;
            *) usage "$line" ;;
        esac
    done
    shift $((OPTIND - 1))
    [ -n "${1-}" ] || usage "$line"
    local topic=$1
    shift
    find_broker
    echo "Contents of topic $topic:"
    exec kafka-console-consumer.sh --bootstrap-server "$KAFKA_BROKER" --topic "$topic" --property print.key="$key" \
        --consumer-property fetch.min.bytes="$bytes" "${from[@]}" "$@"
}

create_topic() {
    local line='create-topic [-p PARTITIONS] [-r REPLICAS] [-c CLEANUP_POLICY] TOPIC' option partitions=1 replicas=1 policy=delete
    while getopts :p:r:c: option; do
        case $option in
            p) partitions=$OPTARG ;;
            r) replicas=$OPTARG ;;
            c) policy=$OPTARG ;;
            *) usage "$line" ;;
        esac
    done
    shift $((OPTIND - 1))
    [ -n "${1-}" ] || usage "$line"
    find_broker
    echo "Creating new topic $1 with $partitions partition(s), $replicas replica(s) and cleanup policy set to $policy..."
    exec kafka-topics.sh --bootstrap-server "$KAFKA_BROKER" --create --topic "$1" --partitions "$partitions" \
        --replication-factor "$replicas" --config cleanup.policy="$policy"
}

list_topics() {
    echo "Listing topics..."
    find_broker
    exec kafka-topics.sh --bootstrap-server "$KAFKA_BROKER" --list
}

case ${1-} in
    '' | start) start ;;
    watch-topic) watch_topic "${@:2}" ;;
    create-topic) create_topic "${@:2}" ;;
    list-topics) list_topics ;;
esac
exec "$@"
