# SPDX-License-Identifier: Apache-2.0
# bash completion for dbgattach. Of containers it offers the names of those that run, which `dbgattach ls` is given two seconds for.

# WORD OTHERS...: names are put on the line as they are, so one that the shell would act on is none.
_dbgattach_targets() {
	local word=$1 name
	shift
	while read -r name; do
		[[ $name != "$word"* ]] || COMPREPLY+=("$name")
	done < <(
		printf '%s\n' "$@"
		timeout -k 1 2 dbgattach ls </dev/null 2>/dev/null | awk 'NR > 1 { name = $3 == "-" ? $2 : $3
			if (name ~ /^[A-Za-z0-9][A-Za-z0-9_.+-]*$/) print name }'
	)
}

_dbgattach_toolbox() {
	if ((COMP_CWORD == 2)); then
		mapfile -t COMPREPLY < <(compgen -W 'list build add remove verify sbom path --help' -- "$1")
		return
	fi
	case ${COMP_WORDS[2]}/$2 in
	list/-o | list/--output) mapfile -t COMPREPLY < <(compgen -W 'table json' -- "$1") ;;
	build/--format | add/--format) mapfile -t COMPREPLY < <(compgen -W 'erofs squashfs tree' -- "$1") ;;
	build/--lock | add/--lock) mapfile -t COMPREPLY < <(compgen -W 'strict follow' -- "$1") ;;
	list/*) mapfile -t COMPREPLY < <(compgen -W '-o --output' -- "$1") ;;
	build/* | add/*) mapfile -t COMPREPLY < <(compgen -d -W '--format --lock' -- "$1") ;;
	esac
}

# The commands that have options only, and perhaps a target.
_dbgattach_command() {
	case $1/$3 in
	ls/-o | ls/--output) mapfile -t COMPREPLY < <(compgen -W 'table wide json' -- "$2") ;;
	ls/-f | ls/--filter)
		compopt -o nospace 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -W 'runtime= name= image= pod= id= status=' -- "$2")
		;;
	ls/*) mapfile -t COMPREPLY < <(compgen -W '-a --all -f --filter -o --output -q --quiet --host-root -h --help' -- "$2") ;;
	inspect/-o | inspect/--output) mapfile -t COMPREPLY < <(compgen -W 'table json' -- "$2") ;;
	doctor/-o | doctor/--output) mapfile -t COMPREPLY < <(compgen -W 'table json' -- "$2") ;;
	doctor/*) mapfile -t COMPREPLY < <(compgen -W '-o --output --host-root -h --help' -- "$2") ;;
	inspect/*)
		if [[ $2 != -* ]]; then
			_dbgattach_targets "$2"
			return
		fi
		mapfile -t COMPREPLY < <(compgen -W '-o --output --show-secrets --host-root -h --help' -- "$2")
		;;
	esac
}

_dbgattach() {
	local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} index
	local options='-t --tty -T --no-tty -c --command -u --user -w --workdir -e --env --env-file --no-target-env
		--env-from-process --profile --cap-add --cap-drop --seccomp --custom --lsm --write --ns --host-pid --host-net --toolbox
		--toolbox-check --shell --host-root --timeout --explain
		-v --verbose -q --quiet --version -h --help'

	COMPREPLY=()
	# Behind the target stands a command in the container, of which nothing is known here.
	for ((index = 1; index < COMP_CWORD; index++)); do
		case ${COMP_WORDS[index]} in
		-[cuwe] | --command | --user | --workdir | --env | --env-file | --profile | --cap-add | --cap-drop | --seccomp | --custom | --lsm | --ns | --toolbox | --toolbox-check | --shell | --host-root | --timeout)
			((++index))
			;;
		-*) ;;
		attach) ((index == 1)) || return ;;
		ls | inspect | doctor)
			((index == 1)) && _dbgattach_command "${COMP_WORDS[index]}" "$word" "$previous"
			return
			;;
		toolbox)
			((index == 1)) && _dbgattach_toolbox "$word" "$previous"
			return
			;;
		*) return ;;
		esac
	done
	case $previous in
	--profile) mapfile -t COMPREPLY < <(compgen -W 'general baseline restricted target netadmin sysadmin' -- "$word") ;;
	--ns) mapfile -t COMPREPLY < <(compgen -W 'pid mnt net uts ipc cgroup time user' -- "$word") ;;
	--lsm) mapfile -t COMPREPLY < <(compgen -W 'target unconfined' -- "$word") ;;
	-u | --user) mapfile -t COMPREPLY < <(compgen -W 'root target' -- "$word") ;;
	--seccomp) mapfile -t COMPREPLY < <(compgen -f -W 'default target unconfined' -- "$word") ;;
	--toolbox-check) mapfile -t COMPREPLY < <(compgen -W 'cached always never' -- "$word") ;;
	--toolbox) mapfile -t COMPREPLY < <(compgen -d -W 'core minimal' -- "$word") ;;
	--host-root) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
	--env-file | --custom) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
	-[cwe] | --command | --workdir | --env | --cap-add | --cap-drop | --shell | --timeout) ;;
	*)
		if [[ $word == -* ]]; then
			mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
		elif ((COMP_CWORD == 1)); then
			_dbgattach_targets "$word" ls inspect doctor toolbox
		else
			_dbgattach_targets "$word"
		fi
		;;
	esac
}

complete -F _dbgattach dbgattach
