select e'\n' as line_end
