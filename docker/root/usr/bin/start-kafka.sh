#!/usr/lib/klamm/bash
# The start script of wurstmeister's image.
set -o errexit -o nounset
export KLAMM_DIALECT=wurstmeister
. /usr/lib/klamm/environment.sh
prepare_environment
/usr/bin/klamm container configure --to /opt/kafka/config/server.properties
exec /opt/kafka/bin/kafka-server-start.sh /opt/kafka/config/server.properties
