# bash completion of moidan; reads the commands from the program itself.
_moidan() {
  local cur=${COMP_WORDS[COMP_CWORD]} verbs
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "$(moidan help 2>/dev/null | awk '/^  [a-z]/ && $1 != "moidan" { print $1 }') help version" -- "$cur"))
    return
  fi
  case ${COMP_WORDS[1]} in
  campaign) verbs="list show preview quota forecast create submit approve start pause resume cancel retry-failed release loudspeaker" ;;
  import) verbs="list undo sessions duty" ;;
  letter | visit) verbs="print handed" ;;
  audit) verbs="list person verify" ;;
  audience) verbs="list show count save remove" ;;
  duty) verbs="list add remove" ;;
  session) verbs="list show sheet add move cancel attend seat" ;;
  message) verbs="list show retry release cancel settle" ;;
  recipient) verbs="show export erase hold release set" ;;
  template) verbs="list show check export" ;;
  provider) verbs="list check send-test authorize balance resume weights callback" ;;
  reply) verbs="list show settle" ;;
  report) verbs="figures weekly final digest civil-status teams hand-in confirm communes backfill" ;;
  inspect) verbs="phone text file" ;;
  user) verbs="add list password disable enable" ;;
  config) verbs="check schema" ;;
  esac
  if [ "$COMP_CWORD" -eq 2 ] && [ -n "${verbs:-}" ]; then
    COMPREPLY=($(compgen -W "$verbs" -- "$cur"))
  else
    COMPREPLY=($(compgen -f -- "$cur"))
  fi
}
complete -F _moidan moidan
