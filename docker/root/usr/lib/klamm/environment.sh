# Sourced by the start scripts: what has to be done by a shell before klamm reads the environment, since it runs commands,
# reads files into variables, or runs scripts of the user. Works under nounset and errexit. What the variables mean as
# settings is klamm's own affair.

# NAME=VALUE arguments of a start script become variables.
arguments_become_variables() {
    local argument
    [ $# -gt 0 ] || return 0
    echo "===> Overriding env params with args ..."
    for argument in "$@"; do
        if [[ ! $argument =~ ^[A-Za-z_][A-Za-z_0-9]*= ]]; then
            echo "argument '$argument' is not NAME=VALUE" >&2
            exit 1
        fi
        export "$argument"
    done
}

# value_of_command VARIABLE: what the command in the variable prints. It is an error when it prints nothing.
value_of_command() {
    local value code=0
    value=$(eval "${!1}") || code=$?
    if [ "$code" -ne 0 ] || [ -z "$value" ]; then
        echo "$1=${!1}: the command ended with $code and printed '$value'; set the value itself instead" >&2
        return 1
    fi
    printf '%s' "$value"
}

# _{HOSTNAME_COMMAND} and _{PORT_COMMAND} stand for the values of these commands in every KAFKA_ variable (wurstmeister).
fill_in() {
    local placeholder="_{$1}" value=$2 name text
    for name in "${!KAFKA_@}"; do
        text=${!name}
        if [[ $text == *"$placeholder"* ]]; then export "$name=${text//"$placeholder"/"$value"}"; fi
    done
}

commands_become_values() {
    local name target value
    if [ -n "${HOSTNAME_COMMAND-}" ]; then
        value=$(value_of_command HOSTNAME_COMMAND)
        fill_in HOSTNAME_COMMAND "$value"
        if [ -z "${KAFKA_ADVERTISED_HOST_NAME-}${KAFKA_ADVERTISED_LISTENERS-}${KAFKA_LISTENERS-}" ]; then
            export KAFKA_ADVERTISED_HOST_NAME="$value"
        fi
    fi
    if [ -n "${PORT_COMMAND-}" ]; then
        value=$(value_of_command PORT_COMMAND)
        fill_in PORT_COMMAND "$value"
    fi
    if [ -n "${BROKER_ID_COMMAND-}" ] && [ -z "${KAFKA_BROKER_ID-}" ]; then
        KAFKA_BROKER_ID=$(value_of_command BROKER_ID_COMMAND)
        export KAFKA_BROKER_ID
    fi
    if [ -n "${RACK_COMMAND-}" ] && [ -z "${KAFKA_BROKER_RACK-}" ]; then
        KAFKA_BROKER_RACK=$(value_of_command RACK_COMMAND)
        export KAFKA_BROKER_RACK
    fi
    for name in "${!KAFKA_@}"; do
        target=${name%_COMMAND}
        if [ "$target" = "$name" ] || [ -z "${!name}" ]; then continue; fi
        if [ -z "${!target-}" ]; then
            value=$(value_of_command "$name")
            export "$target=$value"
        fi
        unset "$name"
    done
}

# NAME_FILE names a file with the value of NAME, where somebody writes Bitnami's variables.
files_become_values() {
    local name target
    if [ "${KLAMM_DIALECT-}" != bitnami ] && [ -z "${!KAFKA_CFG_*}${ALLOW_PLAINTEXT_LISTENER-}${KAFKA_KRAFT_CLUSTER_ID-}" ]; then
        return 0
    fi
    for name in "${!KAFKA_@}"; do
        target=${name%_FILE}
        if [ "$target" = "$name" ] || [ "$name" = KAFKA_TLS_TRUSTSTORE_FILE ]; then continue; fi
        if [ ! -r "${!name}" ]; then
            echo "$name=${!name}: this file cannot be read, so $target stays as it is" >&2
            continue
        fi
        export "$target=$(<"${!name}")"
        unset "$name"
    done
}

# The scripts of /docker-entrypoint-initdb.d run once in the life of a data volume: an executable one as a program, another
# is sourced.
run_init_scripts() {
    local script marker=/bitnami/kafka/.user_scripts_initialized
    if [ -e "$marker" ]; then return 0; fi
    for script in /docker-entrypoint-initdb.d/*.sh; do
        if [ ! -f "$script" ]; then continue; fi
        echo "===> Running $script"
        if [ -x "$script" ]; then "$script"; else . "$script"; fi
        { : > "$marker"; } 2>/dev/null || true
    done
}

# The marker tells a script further down the chain that all of this has been done.
prepare_environment() {
    if [ -n "${KLAMM_PREPARED-}" ]; then return 0; fi
    export KLAMM_PREPARED=yes
    files_become_values
    commands_become_values
    if [ -n "${CUSTOM_INIT_SCRIPT-}" ]; then eval "$CUSTOM_INIT_SCRIPT"; fi
    run_init_scripts
}
