# shellcheck shell=bash disable=SC1091
# Read by every interactive bash of a session: by login shells through profile, by others as /dbg/bash.bashrc.

[[ $- == *i* ]] || return 0
if [[ $PS1 != *DBGATTACH* ]]; then
	. /dbg/etc/profile # which comes back here
	return 0
fi

# Mail would be the target's.
unset MAILCHECK
HISTSIZE=10000 HISTFILESIZE=10000 HISTCONTROL=ignoredups
shopt -s checkwinsize histappend

alias ls='ls --color=auto' ll='ls -l' grep='grep --color=auto' diff='diff --color=auto' ip='ip -color=auto'

# Ours where it is about tasks and tools, else that of bash.
help() {
	case ${1-} in
	'' | about | network | process | files | tls | dns | memory) /dbg/bin/help "$@" ;;
	*) builtin help "$@" 2>/dev/null || /dbg/bin/help "$@" ;;
	esac
}

command_not_found_handle() {
	printf '%s: not found; "install %s" says how to add it\n' "${1//[![:print:]]/?}" "${1//[![:print:]]/?}" >&2
	return 127
}

# Completion is loaded at the first TAB, so that a prompt is there at once.
_dbg_complete() {
	complete -r -D
	. /dbg/etc/bash_completion
	_dbg_complete "$@"
}
complete -D -o bashdefault -o default -F _dbg_complete

if [[ -n ${DBGATTACH_BANNER-} ]]; then
	/dbg/bin/help about
fi
