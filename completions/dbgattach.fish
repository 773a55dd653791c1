# SPDX-License-Identifier: Apache-2.0
# fish completion for dbgattach. Of containers it offers the names of those that run, which `dbgattach ls` is given two seconds for.

# Behind the target stands a command in the container, of which nothing is known here.
function __dbgattach_before_target
    set -l skip
    for word in (commandline -opc)[2..-1]
        if set -q skip[1]
            set -e skip
            continue
        end
        switch $word
            case -c -u -w -e --command --user --workdir --env --env-file --profile --cap-add --cap-drop --seccomp --custom --lsm --ns --toolbox --toolbox-check --shell --host-root --timeout
                set skip 1
            case ls inspect doctor toolbox
                return 1
            case '-*' attach
            case '*'
                return 1
        end
    end
    return 0
end

# What follows the tab is the description.
function __dbgattach_targets
    timeout -k 1 2 dbgattach ls </dev/null 2>/dev/null | awk 'NR > 1 { name = $3 == "-" ? $2 : $3
        if (name ~ /^[A-Za-z0-9][A-Za-z0-9_.+-]*$/) printf "%s\t%s\n", name, $1 }'
end

complete -c dbgattach -f
complete -c dbgattach -n __dbgattach_before_target -a "(__dbgattach_targets)"
complete -c dbgattach -n __fish_use_subcommand -a "ls inspect doctor toolbox"
complete -c dbgattach -n "__fish_seen_subcommand_from inspect" -a "(__dbgattach_targets)"
complete -c dbgattach -n __dbgattach_before_target -s t -l tty -d "give the session a terminal, even if the caller has none"
complete -c dbgattach -n __dbgattach_before_target -s T -l no-tty -d "give it none, even if the caller has one"
complete -c dbgattach -n __dbgattach_before_target -s c -l command -x -d "run STRING by the toolbox's shell"
complete -c dbgattach -n __dbgattach_before_target -s u -l user -x -a "root target" -d "root (default), target, UID[:GID], or a NAME of the target's passwd"
complete -c dbgattach -n __dbgattach_before_target -s w -l workdir -x -d "working directory in the target (default: the target's own)"
complete -c dbgattach -n __dbgattach_before_target -s e -l env -x -d "set an environment variable; without a value, the caller's"
complete -c dbgattach -n __dbgattach_before_target -l env-file -r -F -d "the same from the lines of FILE"
complete -c dbgattach -n __dbgattach_before_target -l no-target-env -d "start from an empty environment, not the target's"
complete -c dbgattach -n __dbgattach_before_target -l env-from-process -d "the environment of the running process, not of its config"
complete -c dbgattach -n __dbgattach_before_target -l profile -x -a "general baseline restricted target netadmin sysadmin" -d "the power: general (default), baseline, restricted, target, netadmin, sysadmin"
complete -c dbgattach -n __dbgattach_before_target -l cap-add -x -d "a capability more than the profile's"
complete -c dbgattach -n __dbgattach_before_target -l cap-drop -x -d "one less"
complete -c dbgattach -n __dbgattach_before_target -l seccomp -r -F -a "default target unconfined" -d "default, target, unconfined, or a FILE in Docker's JSON; else the profile's"
complete -c dbgattach -n __dbgattach_before_target -l custom -r -F -d "a profile of one's own instead, JSON"
complete -c dbgattach -n __dbgattach_before_target -l lsm -x -a "target unconfined" -d "AppArmor or SELinux label (default: target; sysadmin: unconfined)"
complete -c dbgattach -n __dbgattach_before_target -l write -d "the target's filesystems writable where they are for the target"
complete -c dbgattach -n __dbgattach_before_target -l ns -x -a "pid mnt net uts ipc cgroup time user" -d "join only these: pid,mnt,net,uts,ipc,cgroup,time,user"
complete -c dbgattach -n __dbgattach_before_target -l host-pid -d "allow a session in the host's PID namespace"
complete -c dbgattach -n __dbgattach_before_target -l host-net -d "keep network capabilities in the host's network namespace"
complete -c dbgattach -n __dbgattach_before_target -l toolbox -r -F -a "core minimal" -d "the tools: an installed toolbox, a folder, or minimal (default: core if installed)"
complete -c dbgattach -n __dbgattach_before_target -l toolbox-check -x -a "cached always never" -d "compare its digest: cached (default: if changed since), always, never"
complete -c dbgattach -n __dbgattach_before_target -l shell -x -d "the shell, instead of the toolbox's"
complete -c dbgattach -n __dbgattach_before_target -l host-root -x -a "(__fish_complete_directories)" -d "in a container: where /run, /var and /proc of the host are"
complete -c dbgattach -n __dbgattach_before_target -l timeout -x -d "end the session after 90s, 10m, ...; exit status 124"
complete -c dbgattach -n __dbgattach_before_target -l explain -d "print what would be done, and do nothing"
complete -c dbgattach -n __dbgattach_before_target -s v -l verbose -d "tell each step"
complete -c dbgattach -n __dbgattach_before_target -s q -l quiet -d "errors only"
complete -c dbgattach -n __dbgattach_before_target -l version -d "print the version"
complete -c dbgattach -n __dbgattach_before_target -s h -l help -d "print this"

# The other commands.
complete -c dbgattach -n "__fish_seen_subcommand_from ls" -s a -l all -d "those that do not run too"
complete -c dbgattach -n "__fish_seen_subcommand_from ls" -s f -l filter -x -a "runtime= name= image= pod= id= status=" -d "only these: runtime, name, image, pod, id or status; can be repeated"
complete -c dbgattach -n "__fish_seen_subcommand_from ls" -s o -l output -x -a "table wide json" -d "table (default), wide or json"
complete -c dbgattach -n "__fish_seen_subcommand_from ls" -s q -l quiet -d "references alone, which can be pasted"
complete -c dbgattach -n "__fish_seen_subcommand_from ls" -l host-root -x -a "(__fish_complete_directories)" -d "in a container: where /run, /var and /proc of the host are"
complete -c dbgattach -n "__fish_seen_subcommand_from ls" -s h -l help -d "print this"
complete -c dbgattach -n "__fish_seen_subcommand_from inspect" -s o -l output -x -a "table json" -d "table (default) or json"
complete -c dbgattach -n "__fish_seen_subcommand_from inspect" -l show-secrets -d "the values of variables that look like secrets, too"
complete -c dbgattach -n "__fish_seen_subcommand_from inspect" -l host-root -x -a "(__fish_complete_directories)" -d "in a container: where /run, /var and /proc of the host are"
complete -c dbgattach -n "__fish_seen_subcommand_from inspect" -s h -l help -d "print this"
complete -c dbgattach -n "__fish_seen_subcommand_from doctor" -s o -l output -x -a "table json" -d "table (default) or json"
complete -c dbgattach -n "__fish_seen_subcommand_from doctor" -l host-root -x -a "(__fish_complete_directories)" -d "in a container: where /run, /var and /proc of the host are"
complete -c dbgattach -n "__fish_seen_subcommand_from doctor" -s h -l help -d "print this"

# dbgattach toolbox COMMAND
set -l commands list build add remove verify sbom path
complete -c dbgattach -n "__fish_seen_subcommand_from toolbox; and not __fish_seen_subcommand_from $commands" -a "$commands"
complete -c dbgattach -n "__fish_seen_subcommand_from toolbox; and __fish_seen_subcommand_from list" -s o -l output -x -a "table json"
complete -c dbgattach -n "__fish_seen_subcommand_from toolbox; and __fish_seen_subcommand_from build add" -l format -x -a "erofs squashfs tree"
complete -c dbgattach -n "__fish_seen_subcommand_from toolbox; and __fish_seen_subcommand_from build add" -l lock -x -a "strict follow"
