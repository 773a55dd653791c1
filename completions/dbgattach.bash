# SPDX-License-Identifier: Apache-2.0
# bash completion for dbgattach. It runs no program and reads no file, so it cannot hang; containers are not completed.

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
	inspect/*) mapfile -t COMPREPLY < <(compgen -W '-o --output --show-secrets --host-root -h --help' -- "$2") ;;
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
		[[ $word != -* ]] || mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
		;;
	esac
}

complete -F _dbgattach dbgattach
