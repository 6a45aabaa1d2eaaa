#!/usr/lib/klamm/bash
# Starts a broker, also where setup.sh did not run: the broker reads the file, if there is one, and the environment.
set -o errexit -o nounset
export KLAMM_DIALECT=bitnami
. /usr/lib/klamm/environment.sh
prepare_environment
exec /opt/bitnami/kafka/bin/kafka-server-start.sh /opt/bitnami/kafka/config/server.properties "$@"
