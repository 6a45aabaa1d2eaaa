#!/usr/lib/klamm/bash
# The image's entry point. Some people call it by this name, since the Java image under Apache Kafka's has it.
#
# A command is run as it stands. Beside that, NAME=VALUE arguments start a broker with these variables, and the sub-commands
# of Debezium's image are known.
case ${1-} in
    '' | [A-Za-z_]*=*) exec /etc/kafka/docker/run "$@" ;;
    start | watch-topic | create-topic | list-topics) exec /docker-entrypoint.sh "$@" ;;
esac
exec "$@"
