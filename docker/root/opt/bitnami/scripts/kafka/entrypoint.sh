#!/usr/lib/klamm/bash
# The entry point of Bitnami's image: the configuration is made where a broker is to run, then the command runs.
set -o errexit -o nounset
export KLAMM_DIALECT=bitnami
if [ $# -eq 0 ]; then set -- /opt/bitnami/scripts/kafka/run.sh; fi
if [[ $* == *"/opt/bitnami/scripts/kafka/run.sh"* || $* == *"/run.sh"* ]]; then . /opt/bitnami/scripts/kafka/setup.sh; fi
exec "$@"
