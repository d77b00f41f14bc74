python='' why=''
@CHOICE@
fact python "$python ($why)"
@SAY@
