# census.ps1, version 1. Which servers ever synchronized this forest: every installation leaves an account
# whose description names its computer. Too many of them, or none that can be read, is no answer.

function Add-BatonCensus {
    param(
        $Record
    )

    $accounts = @()
    foreach ($forest in ([adsi] 'GC:').Children) {
        $search = [adsisearcher] @{
            'SearchRoot' = $forest
            'Filter' = '(description=*configured to synchronize to tenant*)'
            'PageSize' = 100
            'ClientTimeout' = '00:01:00'
        }
        foreach ($found in $search.FindAll()) {
            foreach ($text in $found.Properties['description']) {
                $accounts += [string] $text
            }
            if ($accounts.Count -gt 100) {
                return
            }
        }
    }
    $Record['ad.sync_accounts'] = [string[]] $accounts
}
