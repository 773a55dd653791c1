#compdef dbgattach
# SPDX-License-Identifier: Apache-2.0
# zsh completion for dbgattach. Of containers it offers the names of those that run, which `dbgattach ls` is given two seconds for.

_dbgattach_targets() {
	compadd "$@" -- ${(f)"$(timeout -k 1 2 dbgattach ls </dev/null 2>/dev/null | awk 'NR > 1 { name = $3 == "-" ? $2 : $3
		if (name ~ /^[A-Za-z0-9][A-Za-z0-9_.+-]*$/) print name }')"}
}

_dbgattach_first() {
	_alternative 'targets:container:_dbgattach_targets' 'commands:command:(ls inspect doctor toolbox)'
}

if [[ $words[2] == toolbox ]]; then
	_arguments \
		'2:command:(list build add remove verify sbom path)' \
		'(-o --output)'{-o,--output}'[how it is listed]:format:(table json)' \
		'*--format[of the image]:format:(erofs squashfs tree)' \
		'--lock[packages as locked, or as the mirror has them]:lock:(strict follow)' \
		'*:toolbox:_files -/'
	return
fi

if [[ $words[2] == ls ]]; then
	_arguments -S -s \
		'(-a --all)'{-a,--all}'[those that do not run too]' \
		'*'{-f,--filter}'[only these: runtime, name, image, pod, id or status; can be repeated]:KEY=VALUE:(runtime= name= image= pod= id= status=)' \
		'(-o --output)'{-o,--output}'[table (default), wide or json]:FORMAT:(table wide json)' \
		'(-q --quiet)'{-q,--quiet}'[references alone, which can be pasted]' \
		'--host-root[in a container: where /run, /var and /proc of the host are]:DIR:_files -/' \
		'(-)'{-h,--help}'[print this]'
	return
fi

if [[ $words[2] == inspect ]]; then
	_arguments -S -s \
		'(-o --output)'{-o,--output}'[table (default) or json]:FORMAT:(table json)' \
		'--show-secrets[the values of variables that look like secrets, too]' \
		'--host-root[in a container: where /run, /var and /proc of the host are]:DIR:_files -/' \
		'(-)'{-h,--help}'[print this]' \
		'*:TARGET:_dbgattach_targets'
	return
fi

if [[ $words[2] == doctor ]]; then
	_arguments -S -s \
		'(-o --output)'{-o,--output}'[table (default) or json]:FORMAT:(table json)' \
		'--host-root[in a container: where /run, /var and /proc of the host are]:DIR:_files -/' \
		'(-)'{-h,--help}'[print this]'
	return
fi

_arguments -S -s \
	'(-t --tty -T --no-tty)'{-t,--tty}'[give the session a terminal, even if the caller has none]' \
	'(-t --tty -T --no-tty)'{-T,--no-tty}'[give it none, even if the caller has one]' \
	'(-c --command)'{-c,--command}'[run STRING by the toolbox'\''s shell]:STRING:' \
	'(-u --user)'{-u,--user}'[root (default), target, UID\[:GID\], or a NAME of the target'\''s passwd]:USER:(root target)' \
	'(-w --workdir)'{-w,--workdir}'[working directory in the target (default: the target'\''s own)]:DIR:' \
	'*'{-e,--env}'[set an environment variable; without a value, the caller'\''s]:NAME[=VALUE]:' \
	'*--env-file[the same from the lines of FILE]:FILE:_files' \
	'--no-target-env[start from an empty environment, not the target'\''s]' \
	'--env-from-process[the environment of the running process, not of its config]' \
	'--profile[the power: general (default), baseline, restricted, target, netadmin, sysadmin]:NAME:(general baseline restricted target netadmin sysadmin)' \
	'*--cap-add[a capability more than the profile'\''s]:CAP:' \
	'*--cap-drop[one less]:CAP:' \
	'--seccomp[default, target, unconfined, or a FILE in Docker'\''s JSON; else the profile'\''s]:FILTER:_alternative "words:filter:(default target unconfined)" "files:file:_files"' \
	'--custom[a profile of one'\''s own instead, JSON]:FILE:_files' \
	'--lsm[AppArmor or SELinux label (default: target; sysadmin: unconfined)]:target|unconfined:(target unconfined)' \
	'--write[the target'\''s filesystems writable where they are for the target]' \
	'--ns[join only these: pid,mnt,net,uts,ipc,cgroup,time,user]:LIST:_sequence compadd - pid mnt net uts ipc cgroup time user' \
	'--host-pid[allow a session in the host'\''s PID namespace]' \
	'--host-net[keep network capabilities in the host'\''s network namespace]' \
	'--toolbox[the tools: an installed toolbox, a folder, or minimal (default: core if installed)]:NAME|PATH:_alternative "words:toolbox:(core minimal)" "files:folder:_files -/"' \
	'--toolbox-check[compare its digest: cached (default: if changed since), always, never]:WHEN:(cached always never)' \
	'--shell[the shell, instead of the toolbox'\''s]:PATH:' \
	'--host-root[in a container: where /run, /var and /proc of the host are]:DIR:_files -/' \
	'--timeout[end the session after 90s, 10m, ...; exit status 124]:DURATION:' \
	'--explain[print what would be done, and do nothing]' \
	'(-v --verbose -q --quiet)'{-v,--verbose}'[tell each step]' \
	'(-v --verbose -q --quiet)'{-q,--quiet}'[errors only]' \
	'(-)--version[print the version]' \
	'(-)'{-h,--help}'[print this]' \
	'1:TARGET:_dbgattach_first' \
	'*:: :'
