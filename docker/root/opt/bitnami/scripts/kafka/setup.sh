#!/usr/lib/klamm/bash
# Makes the server.properties of the environment, once the init scripts have run.
set -o errexit -o nounset
if [ "${BITNAMI_DEBUG-}" = true ]; then set -o xtrace; fi
export KLAMM_DIALECT=bitnami
. /usr/lib/klamm/environment.sh
prepare_environment
/usr/bin/klamm container configure --to /opt/bitnami/kafka/config/server.properties
